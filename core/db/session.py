"""The session that serves one district for its whole life."""

from __future__ import annotations

from collections.abc import Iterable
from enum import Enum
from functools import lru_cache
from typing import Any, Final, Literal

from sqlalchemy import Engine, event
from sqlalchemy.orm import ORMExecuteState, Session, UOWTransaction, with_loader_criteria
from sqlalchemy.orm.util import LoaderCriteriaOption

from core.db.base import DistrictOwned
from core.db.errors import ReadOnlySession
from core.errors import TenancyError


class Reach(Enum):
    """What a session may touch beyond one district."""

    ALL = "all"


#: Reach of migrations, backup and verify.
ALL: Final = Reach.ALL

#: A district's number, None for the installation, ALL for every district.
Scope = int | None | Literal[Reach.ALL]


class DistrictSession(Session):
    """Session of one district, or of the installation (``scope=None``). Opened by ``Database``."""

    def __init__(self, engine: Engine, scope: Scope, *, write: bool) -> None:
        self.scope: Final = scope
        self.writable: Final = write
        options = {"district": scope, "write": write}
        # Not expired on commit: a page is still rendered from the rows after the commit, without a new transaction.
        super().__init__(engine.execution_options(**options), expire_on_commit=False, info=dict(options))

    @property
    def district_id(self) -> int:
        """The district served. Raises TenancyError in a session of the installation or of all districts."""
        if not isinstance(self.scope, int):
            raise TenancyError("this session serves no single district")
        return self.scope


def district_of(session: Session) -> int | None:
    """The district ``session`` serves, None for the installation. Raises TenancyError for all districts."""
    scope = session.info["district"]
    if scope is ALL:
        raise TenancyError("this session serves every district")
    return scope if isinstance(scope, int) else None


@lru_cache(maxsize=4096)
def _only(district: int) -> LoaderCriteriaOption:
    return with_loader_criteria(DistrictOwned, lambda cls: cls.district_id == district, include_aliases=True)


@event.listens_for(DistrictSession, "do_orm_execute")
def _narrow(state: ORMExecuteState) -> None:
    scope = state.session.info["district"]
    if not isinstance(scope, int) or not (state.is_select or state.is_update or state.is_delete):
        return
    # Loads of relationships and columns inherit the option of the query that brought the row, or go by key.
    if not state.is_relationship_load and not state.is_column_load:
        state.statement = state.statement.options(_only(scope))


@event.listens_for(DistrictSession, "before_flush")
def _keep_inside(session: DistrictSession, context: UOWTransaction, instances: Any) -> None:
    if not session.writable:
        raise ReadOnlySession("this session only reads: open one with database.write()")
    for row in _owned(session.new):
        _adopt(row, session.scope)
    for row in _owned(session.new, session.dirty, session.deleted):
        if session.scope not in {row.district_id, ALL}:
            raise TenancyError(f"{type(row).__name__} belongs to another district")


def _adopt(row: DistrictOwned, scope: Scope) -> None:
    named: int | None = row.district_id
    if named is not None:
        return
    if not isinstance(scope, int):
        raise TenancyError(f"{type(row).__name__} belongs to a district: open a session of that district, or name it")
    row.district_id = scope


def _owned(*collections: Iterable[object]) -> Iterable[DistrictOwned]:
    return (row for rows in collections for row in rows if isinstance(row, DistrictOwned))
