"""What every change of a district's configuration shares: the right, the version, the trace."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from core import clock
from core.access import Actor
from core.districts.models import District, SettingChange, SettingsVersion
from core.districts.permissions import demand
from core.districts.snapshot import CHANGED
from core.errors import FieldError, Invalid, NotFound
from core.i18n import _

_INSERT: Mapping[str, Callable[[Any], Any]] = {"sqlite": sqlite.insert, "postgresql": postgresql.insert}


def raise_version(session: Session) -> None:
    """Raise the settings version in this transaction: every process drops its snapshots at its next request.

    On PostgreSQL the row stays locked until the end of the transaction, so changes of configuration follow one another.
    """
    insert = _INSERT[session.get_bind().dialect.name](SettingsVersion).values(id=1, version=1)
    # Core statement on the table: the ORM's bulk path would add criteria of district-owned classes for nothing.
    session.connection().execute(
        insert.on_conflict_do_update(index_elements=["id"], set_={"version": SettingsVersion.version + 1})
    )
    session.info[CHANGED] = True


def begin(session: Session, actor: Actor, resource: str) -> None:
    """Open every operation: the right first, then the version. Raises AccessDenied."""
    demand(session, actor, resource)
    raise_version(session)


def trace(session: Session, actor: Actor, what: str, key: str, *, old: Any, new: Any) -> None:
    """Leave a row that tells who changed what, from which value to which."""
    session.add(
        SettingChange(at=clock.now(), account_id=actor.account_id, who=actor.name, what=what, key=key, old=old, new=new)
    )
    session.flush()


def invalid(field: str, message: str, code: str = "invalid") -> Invalid:
    """The error of one field."""
    return Invalid([FieldError(field, message, code)])


def own_district(session: Session) -> District:
    """The row of the session's district. Raises NotFound."""
    district = session.get(District, session.info["district"])
    if district is None:
        raise NotFound(_("Il distretto non c'è."))
    return district


def text_problem(value: Any) -> str:
    """Why a value cannot be stored as text, or ``""``."""
    readable = isinstance(value, str) and len(value) <= 300 and "\x00" not in value
    return "" if readable else str(_("Serve un testo di al massimo 300 caratteri."))
