"""How long data are kept: rules that parts of the portal declare, months that the model says, runs that people confirm.

A rule knows its rows and the event from which the time is counted; the months are a dated parameter of the model.
Nothing is erased by itself: a run takes what a person has seen in the preview, and refuses where it is another set.
"""

from __future__ import annotations

import calendar
import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time
from typing import Any, TypeAlias
from uuid import UUID

import sqlalchemy as sa
from flask_babel import LazyString
from sqlalchemy.orm import Session

from core import access, audit, clock
from core.access import Actor
from core.db import district_of
from core.districts.snapshot import snapshots
from core.errors import Conflict, NotFound, PluginError
from core.hooks import Hooks
from core.i18n import _
from core.privacy.retention.holds import held_subjects
from core.privacy.retention.models import RetentionRun
from core.privacy.retention.permissions import MANAGE, READ, RETENTION

#: Objects erased in one transaction.
BATCH = 200
Chosen: TypeAlias = sa.Select[*tuple[Any, ...]]
#: ``(id, subject_id, happened_at)``: ``happened_at`` is NULL while the event has not happened.
Rows = Callable[[], Chosen]
Erase = Callable[[Session, Sequence[UUID], Hooks, Actor], None]


@dataclass(frozen=True, slots=True)
class RetentionRule:
    """What is erased when the months of ``parameter`` have passed since an event.

    ``rows`` selects id, subject_id and happened_at of everything the rule speaks of; ``erase`` erases what it is given.
    ``duty``: until then the data must be kept, and an erasure that the person asks for is refused.
    """

    key: str
    resource: str
    field_class: str
    parameter: str
    label: LazyString | str
    event: LazyString | str
    rows: Rows
    erase: Erase
    duty: bool = True


@dataclass(frozen=True, slots=True)
class Preview:
    """What a run of a rule would do today. ``months`` is ``None`` where the model sets none: then nothing is due."""

    rule: RetentionRule
    months: int | None
    source: str
    due: int
    oldest: datetime | None
    held: int
    kept: int
    #: Names this very set of objects; a run demands it.
    digest: str


_rules: dict[str, RetentionRule] = {}


def register_rule(rule: RetentionRule) -> None:
    """Declare a rule; a second one of the same key replaces the first. Raises PluginError for a resource of no code."""
    if "." not in rule.resource:
        raise PluginError(f"retention rule '{rule.key}': the resource '{rule.resource}' needs a dot")
    _rules[rule.key] = rule


def rules() -> tuple[RetentionRule, ...]:
    """Every rule, by key."""
    return tuple(_rules[key] for key in sorted(_rules))


def rule_of(key: str) -> RetentionRule:
    """The rule of that key. Raises NotFound."""
    if key not in _rules:
        raise NotFound(f"retention rule {key}")
    return _rules[key]


def preview(session: Session, rule: RetentionRule, *, actor: Actor) -> Preview:
    """What a run would erase now. Raises AccessDenied."""
    access.require(actor, READ, RETENTION)
    months, source = months_of(session, rule)
    whole = _count(session, _all(rule))
    if months is None:
        return Preview(rule, None, source, 0, None, 0, whole, "")
    due = _past(rule, months, held=False)
    ready, on_hold = _count(session, due), _count(session, _past(rule, months, held=True))
    first = session.execute(due.limit(1)).first()
    oldest = first.happened_at if first else None
    return Preview(rule, months, source, ready, oldest, on_hold, whole - ready - on_hold, _digest(session, due))


def due_list(session: Session, rule: RetentionRule, *, actor: Actor, most: int = BATCH) -> Sequence[Any]:
    """The first objects that a run would erase, the oldest first: for who may manage the retention."""
    access.require(actor, MANAGE, RETENTION)
    months, _source = months_of(session, rule)
    return [] if months is None else session.execute(_past(rule, months, held=False).limit(most)).all()


def run(session: Session, rule: RetentionRule, *, actor: Actor, hooks: Hooks, confirmed: str) -> RetentionRun:
    """Erase up to ``BATCH`` due objects, which ``confirmed`` (the digest of a preview) names, and keep a report.

    Raises AccessDenied, and Conflict when the set is another one than the person saw.
    """
    access.require(actor, MANAGE, RETENTION)
    seen = preview(session, rule, actor=actor)
    if not seen.due or seen.months is None or confirmed != seen.digest:
        raise Conflict("the objects to erase are no longer those that were shown")
    ids = [row.id for row in session.execute(_past(rule, seen.months, held=False).limit(BATCH))]
    rule.erase(session, ids, hooks, actor)
    report = RetentionRun(
        account_id=actor.account_id,
        who=actor.name[:200],
        rule=rule.key,
        erased=len(ids),
        left=seen.due - len(ids),
        details={"months": seen.months, "held": seen.held, "kept": seen.kept, "source": seen.source},
    )
    session.add(report)
    session.flush()
    audit.note(
        session, actor, "act", resource=RETENTION, object_id=report.id, part=rule.key, details={"erased": len(ids)}
    )
    return report


def runs(session: Session, actor: Actor, most: int = 50) -> Sequence[RetentionRun]:
    """The reports, the latest first."""
    return session.scalars(
        access.select(actor, RetentionRun, READ).order_by(RetentionRun.at.desc(), RetentionRun.id.desc()).limit(most)
    ).all()


def duties(session: Session, subject_id: UUID) -> list[str]:
    """Why data of a person must still be kept: a sentence for each rule whose time has not passed."""
    found = []
    for rule in rules():
        months, _source = months_of(session, rule) if rule.duty else (None, "")
        if months is None:
            continue
        rows = _all(rule).subquery()
        waiting = sa.or_(rows.c.happened_at.is_(None), rows.c.happened_at >= _limit(months))
        if session.scalar(sa.select(rows.c.id).where(rows.c.subject_id == subject_id, waiting).limit(1)) is not None:
            found.append(
                _(
                    "%(what)s: si tiene per %(months)s mesi. Il conto parte da: %(event)s.",
                    what=rule.label,
                    months=months,
                    event=rule.event,
                )
            )
    return found


def months_of(session: Session, rule: RetentionRule) -> tuple[int | None, str]:
    """How many months the model keeps what the rule speaks of, today, and where the figure comes from."""
    district = district_of(session)
    snapshot = snapshots.by_id(session, district) if district is not None else None
    today = clock.today()
    if snapshot is None or rule.parameter not in snapshot.parameters:
        return None, ""
    value, origin = snapshot.parameter(rule.parameter, on=today), snapshot.origin(rule.parameter, on=today)
    return (value if isinstance(value, int) and value > 0 else None), origin.source if origin else ""


def months_before(day: date, months: int) -> date:
    """The same day so many calendar months earlier, or the last one of a shorter month."""
    year, month = divmod(day.year * 12 + day.month - 1 - months, 12)
    return date(year, month + 1, min(day.day, calendar.monthrange(year, month + 1)[1]))


def _limit(months: int) -> datetime:
    """What happened before this moment is due; the day counts as people in Italy count it."""
    return datetime.combine(months_before(clock.today(), months), time.min, clock.ROME)


def _all(rule: RetentionRule) -> Chosen:
    rows = rule.rows().subquery()
    return sa.select(rows.c.id, rows.c.subject_id, rows.c.happened_at)


def _past(rule: RetentionRule, months: int, *, held: bool) -> Chosen:
    """The objects whose time has passed, the oldest first: those of persons on hold, or the others."""
    rows = rule.rows().subquery()
    on_hold = sa.and_(rows.c.subject_id.is_not(None), rows.c.subject_id.in_(held_subjects()))
    chosen = sa.select(rows.c.id, rows.c.subject_id, rows.c.happened_at).where(
        rows.c.happened_at < _limit(months), on_hold if held else sa.not_(on_hold)
    )
    return chosen.order_by(rows.c.happened_at, rows.c.id)


def _digest(session: Session, due: Chosen) -> str:
    """A mark of a set of objects."""
    found = hashlib.sha256()
    for row in session.execute(due):
        found.update(row.id.bytes)
    return found.hexdigest()


def _count(session: Session, statement: Chosen) -> int:
    return session.scalar(sa.select(sa.func.count()).select_from(statement.order_by(None).subquery())) or 0
