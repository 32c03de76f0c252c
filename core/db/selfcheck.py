"""Proof at start that the tenancy guard still sees what it must: six statements that have to be refused."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

from sqlalchemy import Column, MetaData, Table, exists, insert, literal_column, select, text, update
from sqlalchemy.orm import Session

from core.db.base import district_column, uuid7
from core.db.types import Key
from core.errors import InnestoError, TenancyError

_metadata = MetaData()
#: Exists in no database: a statement that is not refused fails there, and touches nothing.
PROBE: Final = Table("innesto_probe", _metadata, district_column(), Column("id", Key, primary_key=True))
_own = PROBE.c.district_id == 1
_other = PROBE.alias()

STATEMENTS: Final[Mapping[str, Any]] = {
    "SELECT without a district": select(PROBE.c.id),
    "SELECT with a district behind OR": select(PROBE.c.id).where(_own | PROBE.c.id.is_(None)),
    "nested SELECT of another district": select(PROBE.c.id).where(_own, exists().where(_other.c.district_id == 2)),
    "UPDATE from an open table": update(PROBE).where(_own, PROBE.c.id == _other.c.id).values(id=None),
    "INSERT with a computed district": insert(PROBE).values(district_id=literal_column("2"), id=uuid7()),
    "text()": text("SELECT id FROM innesto_probe"),
}


class GuardBroken(InnestoError):
    """The tenancy guard lets a statement pass: this version of SQLAlchemy must not be used."""


def self_check(open_session: Callable[[], Session]) -> None:
    """Try the six statements in a session of district 1. Raises GuardBroken naming the one that passed."""
    for name, statement in STATEMENTS.items():
        with open_session() as session:
            _must_be_refused(session, name, statement)


def _must_be_refused(session: Session, name: str, statement: Any) -> None:
    try:
        session.execute(statement)
    except TenancyError:
        return
    except Exception as error:
        raise GuardBroken(f"the tenancy guard let this statement pass: {name}") from error
    raise GuardBroken(f"the tenancy guard let this statement pass: {name}")
