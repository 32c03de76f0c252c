"""Write the audit: acts in the transaction of the act, looks before the answer leaves."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import partial
from typing import Any, Final, Protocol
from uuid import UUID

from sqlalchemy import insert
from sqlalchemy.orm import Session

from core import clock
from core.audit.grouping import group_of
from core.audit.models import AccessLog, AuditEntry
from core.db import Database, district_of, uuid7

KINDS: Final = frozenset(
    {"view", "reveal", "export", "print", "download", "change", "create", "act", "login", "refused"}
)
#: Entries of these kinds outlive the request that is refused and rolled back.
LASTING: Final = frozenset({"refused"})
LOOKS: Final = "looks"


#: Names of the bodies with these ids, from whoever knows bodies.
BodyNames = Callable[[Session, frozenset[UUID]], str]
_body_names: list[BodyNames] = []


def name_bodies(names: BodyNames) -> None:
    """Let whoever knows bodies name those on whose behalf an actor holds roles."""
    if names not in _body_names:
        _body_names.append(names)


class AuditActor(Protocol):
    """Who acts. ``function`` and ``organisation`` are written too where the object has them."""

    @property
    def account_id(self) -> UUID | None:
        """The account, None for a visitor or the system."""

    @property
    def name(self) -> str:
        """The name to show."""


def note(
    session: Session,
    actor: AuditActor,
    kind: str,
    *,
    resource: str,
    object_id: UUID | None = None,
    subject_id: UUID | None = None,
    part: str = "",
    fields: Iterable[str] = (),
    purpose: str = "",
    details: Mapping[str, Any] | None = None,
) -> None:
    """Write an act in the operation's own transaction: what is rolled back leaves no entry.

    ``fields`` are names and ``details`` references, counts and keys; values have no place in the audit. In a session
    of the installation the entry goes to the log of the installation. Raises ValueError for an unknown kind, TypeError
    for details that are not plain.
    """
    place = {"object_id": object_id, "subject_id": subject_id, "part": part, "purpose": purpose}
    row = _row(session, actor, kind, {"resource": resource, "fields": list(fields), **place}, details or {})
    session.execute(insert(_model(session)), [row])


def look(
    session: Session,
    actor: AuditActor,
    kind: str = "view",
    *,
    resource: str,
    object_id: UUID | None = None,
    subject_id: UUID | None = None,
    part: str = "",
    fields: Iterable[str] = (),
    purpose: str = "",
    details: Mapping[str, Any] | None = None,
) -> None:
    """Write a read. A session that only reads queues it: ``write_looks`` brings it in before the answer leaves.

    A refusal (kind ``refused``) is queued in a writing session too, since what it wrote will be rolled back. An answer
    that is streamed calls this before its first byte: nothing is written once it is leaving.
    """
    place = {"object_id": object_id, "subject_id": subject_id, "part": part, "purpose": purpose}
    row = _row(session, actor, kind, {"resource": resource, "fields": list(fields), **place}, details or {})
    if session.info["write"] and kind not in LASTING:
        session.execute(insert(_model(session)), [row])
    else:
        session.info.setdefault(LOOKS, []).append(row)


def write_looks(database: Database, session: Session, *, success: bool = True) -> int:
    """Write what ``session`` queued, in one short transaction, shared with who comes at once; answers how many entries.

    Call it when ``session`` is not writing any more. Where the request failed nothing was shown: refusals alone are
    written. Raises the database's error: then what was looked at must not be shown.
    """
    queued: list[dict[str, Any]] = session.info.pop(LOOKS, [])
    rows = [row for row in queued if success or row.get("kind", row.get("what")) in LASTING]
    if rows:
        district = session.info["district"]
        group_of(database, district).add(rows, partial(_commit, database, district))
    return len(rows)


def _commit(database: Database, district: int | None, rows: Sequence[dict[str, Any]]) -> None:
    with database.write(district) as writing:
        writing.execute(insert(_model(writing)), rows)


def _model(session: Session) -> type[AuditEntry] | type[AccessLog]:
    return AccessLog if district_of(session) is None else AuditEntry


def _row(
    session: Session, actor: AuditActor, kind: str, facts: Mapping[str, Any], details: Mapping[str, Any]
) -> dict[str, Any]:
    if kind not in KINDS:
        raise ValueError(f"'{kind}' is no kind of audit entry: {', '.join(sorted(KINDS))}")
    row = {"id": uuid7(), "at": clock.now(), "account_id": actor.account_id, "who": _text(actor.name, 200)}
    if district_of(session) is None:
        return row | _of_installation(session, kind, facts, details)
    return row | {
        "function": _text(getattr(actor, "function", ""), 120),
        "organisation": _text(_organisation(session, actor), 200),
        "kind": kind,
        "resource": _text(facts["resource"], 60),
        "object_id": facts["object_id"],
        "subject_id": facts["subject_id"],
        "part": _text(facts["part"], 60),
        "fields": [_text(name, 100) for name in facts["fields"]],
        "purpose": _text(facts["purpose"], 120),
        "request_id": _text(session.info.get("request_id", ""), 40),
        "details": _plain(details),
    }


def _organisation(session: Session, actor: AuditActor) -> str:
    """The body that the actor names, or those of the roles that the actor holds; asked for once in a session."""
    if hasattr(actor, "organisation"):
        return str(actor.organisation)
    held = frozenset(grant.organisation_id for grant in getattr(actor, "grants", ()) if grant.organisation_id)
    if not held:
        return ""
    known: dict[frozenset[UUID], str] = session.info.setdefault("bodies", {})
    if held not in known:
        known[held] = "; ".join(filter(None, (names(session, held) for names in _body_names)))
    return known[held]


def _of_installation(
    session: Session, kind: str, facts: Mapping[str, Any], details: Mapping[str, Any]
) -> dict[str, Any]:
    """The same facts in the columns of the installation's log."""
    known = {name: str(value) for name, value in facts.items() if value and name not in {"resource", "fields"}}
    known |= {"request_id": session.info["request_id"]} if session.info.get("request_id") else {}
    known |= {"fields": facts["fields"]} if facts["fields"] else {}
    return {
        "what": kind,
        "target": _text(facts["resource"], 254),
        "about_district": None,
        "details": _plain({**known, **details}),
    }


def _text(value: object, length: int) -> str:
    """Cut to the column; PostgreSQL knows no NUL."""
    return str(value or "").replace("\0", "")[:length]


def _plain(value: Any) -> Any:
    """JSON that every database gives back as it was. Raises TypeError for floats and objects."""
    if value is None or isinstance(value, bool | int):
        return value
    if isinstance(value, str):
        return value.replace("\0", "")
    if isinstance(value, Mapping):
        return {str(name): _plain(part) for name, part in value.items()}
    if isinstance(value, Sequence) and not isinstance(value, bytes):
        return [_plain(part) for part in value]
    raise TypeError(f"details of the audit are texts, whole numbers and lists of them, not {type(value).__name__}")
