"""Every write of a record: check the right, judge the answers, change, log, tell search. None of them commits."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session
from sqlalchemy.orm.exc import StaleDataError

from core import access, clock
from core.access import Actor
from core.db import uuid7
from core.errors import Conflict, FieldError, Invalid, NotFound, Refused
from core.events import emit
from core.forms.definition import Field, Form
from core.forms.folding import strip_controls
from core.forms.lookups import Lookups
from core.forms.types.lists import REF_LENGTH
from core.forms.validation import missing_complete, validate
from core.i18n import DEFAULT, _, pick
from core.records.definitions import current_form, current_workflow, form_of, pin, record_type, workflow_of
from core.records.lookups import lookups_of
from core.records.models import Record, RecordSlug
from core.records.permissions import CHANGE, CREATE
from core.records.sealing import (
    check_writable,
    note_change,
    opened_answers,
    rights_on,
    rights_to_create,
    sealed_answers,
    without,
)
from core.records.slugs import free_slug, slugify
from core.records.writing import changed_keys, check_validity, remember, settle, tell_search, write_values
from core.workflows.definition import Transition, Workflow, available


class _Kept:
    """Says that a column stays as it is, where None would empty it."""


KEPT: Final = _Kept()
#: How often a new record looks for a free address when others are writing the same title.
SLUG_ATTEMPTS = 3


def create_record(
    session: Session,
    type_: str,
    answers: Mapping[str, Any],
    *,
    actor: Actor,
    ref: str | None = None,
    state: str | None = None,
    valid_from: datetime | None = None,
    valid_to: datetime | None = None,
) -> Record:
    """A new record of ``type_`` in ``state`` (default: the workflow's first), pinned to the current definitions.

    Raises AccessDenied, Invalid (wrong answers, dates or ``ref``), Conflict (``ref`` taken) and, for a state that
    demands completeness, Refused naming each missing block.
    """
    access.require(actor, CREATE, type_)
    item = record_type(type_)
    form, workflow = current_form(session, item), current_workflow(session, item)
    state = state or workflow.definition.initial
    _check_initial_state(workflow.definition, state, actor, type_)
    check_validity(valid_from, valid_to)
    check_writable(type_, rights_to_create(actor, type_, form.definition), given(answers))
    clean = validate(form.definition, answers, lookups=lookups_of(session, [form.definition]))
    if workflow.definition.demands_complete(state):
        _refuse_missing(missing_complete(form.definition, clean))
    record = Record(
        id=(id_ := uuid7()),
        ref=_new_ref(session, ref, id_),
        type=type_,
        state=state,
        valid_from=valid_from,
        valid_to=valid_to,
        created_at=clock.now(),
        created_by=actor.account_id,
        answers=sealed_answers(session, id_, form.definition, clean),
    )
    pin(record, form, workflow)
    settle(record, form.definition, workflow.definition)
    _insert(session, record, clean[item.title_field][DEFAULT])
    write_values(session, [(record, form.definition)], fresh=True)
    remember(session, record, actor, "created", fields=sorted(clean))
    note_change(session, actor, record, form.definition, sorted(clean))
    tell_search(session, [id_])
    session.flush()
    return record


def _insert(session: Session, record: Record, title: str) -> None:
    """Add the record under a free slug; another process may take it in the meantime, and then the next one serves."""
    for attempt in range(SLUG_ATTEMPTS):
        record.slug = free_slug(session, record.type, title)
        try:
            with session.begin_nested():
                session.add(record)
        except IntegrityError as error:
            if attempt == SLUG_ATTEMPTS - 1:
                raise Conflict(f"the id '{record.ref}' or the address '{record.slug}' was just taken") from error
        else:
            return


def _check_initial_state(workflow: Workflow, state: str, actor: Actor, type_: str) -> None:
    """A record may start elsewhere only where a step leads that the actor may take."""
    if state == workflow.initial:
        return
    if state not in workflow.by_state:
        raise Invalid([FieldError("state", _("Lo stato «%(state)s» non esiste", state=state[:50]), "unknown")])
    steps = [step for step in workflow.transitions if step.target == state]
    if not any(access.may(actor, step.permission, type_) for step in steps):
        access.require(actor, steps[0].permission if steps else state, type_)


def _new_ref(session: Session, ref: str | None, id_: UUID) -> str:
    if ref is None:
        return str(id_)
    if not ref.strip() or len(ref) > REF_LENGTH or strip_controls(ref) != ref:
        message = _("Il codice deve avere da 1 a %(most)s caratteri visibili", most=REF_LENGTH)
        raise Invalid([FieldError("ref", message, "ref")])
    if session.scalar(select(Record.id).where(Record.ref == ref)) is not None:
        raise Conflict(f"a record with the id '{ref}' exists already")
    return ref


def change_record(
    session: Session,
    record: Record,
    answers: Mapping[str, Any],
    *,
    actor: Actor,
    version: int,
    partial: bool = False,
    valid_from: datetime | _Kept | None = KEPT,
    valid_to: datetime | _Kept | None = KEPT,
    new_slug: bool = False,
) -> Record:
    """Replace the answers (``partial``: only those given; None empties one) under the record's own form version.

    ``version`` is the one the editor saw: Conflict when somebody was faster. ``new_slug`` makes a new address from the
    title; the old one redirects. Protected answers that are not given stay, None empties one; AccessDenied for one
    that the actor may not write. Answers and dates that are as before write nothing. A public record may not lose a
    block that publishing asks for (Refused); one that came in without it may be saved as it is.
    """
    access.check(actor, CHANGE, record)
    _check_version(record, version)
    form, workflow = form_of(session, record), workflow_of(session, record)
    check_writable(record.type, rights_on(actor, record, form), answers)
    before = opened_answers(session, record)
    clean = _judge(form, before, answers, partial=partial, lookups=lookups_of(session, [form]))
    start = record.valid_from if isinstance(valid_from, _Kept) else valid_from
    end = record.valid_to if isinstance(valid_to, _Kept) else valid_to
    check_validity(start, end)
    _refuse_losses(form, workflow, record, clean)
    changed = changed_keys(before, clean)
    if changed or (start, end) != (record.valid_from, record.valid_to):
        record.answers = sealed_answers(session, record.id, form, clean, before=record.answers, opened=before)
        record.valid_from, record.valid_to = start, end
        _save(session, record, form, workflow)
        remember(session, record, actor, "changed", fields=changed)
        note_change(session, actor, record, form, changed)
    if new_slug:
        _readdress(session, record, actor)
    session.flush()
    return record


def given(answers: Mapping[str, Any]) -> dict[str, Any]:
    """The answers that say something: an empty one to a question that is hidden from the actor does no harm."""
    return {key: answer for key, answer in answers.items() if answer not in (None, "", [], {})}


def _check_version(record: Record, version: int) -> None:
    if record.version != version:
        raise Conflict(f"record {record.ref} is at version {record.version}, not {version}")


def _judge(
    form: Form, before: Mapping[str, Any], answers: Mapping[str, Any], *, partial: bool, lookups: Lookups
) -> dict[str, Any]:
    kept = frozenset(key for key in form.protected if key not in answers)
    clean = validate(without(form, kept), answers, partial=partial, lookups=lookups)
    merged = {**before, **clean} if partial else {**{key: before.get(key) for key in kept}, **clean}
    return {key: answer for key, answer in merged.items() if answer is not None}


def _refuse_losses(form: Form, workflow: Workflow, record: Record, answers: Mapping[str, Any]) -> None:
    if not workflow.demands_complete(record.state):
        return
    before = {field.key for field in missing_complete(form, record.answers)}
    _refuse_missing([field for field in missing_complete(form, answers) if field.key not in before])


def _refuse_missing(missing: Iterable[Field]) -> None:
    names = ", ".join(pick(field.label, DEFAULT) for field in missing)
    if names:
        raise Refused(_("Per pubblicare mancano ancora: %(blocks)s", blocks=names), code="incomplete")


def _save(session: Session, record: Record, form: Form, workflow: Workflow) -> None:
    settle(record, form, workflow)
    try:
        session.flush()
    except StaleDataError as error:
        raise Conflict(f"record {record.ref} was changed by somebody else") from error
    write_values(session, [(record, form)])
    tell_search(session, [record.id])


def blocked_by(session: Session, record: Record, transition: Transition, *, actor: Actor) -> str:
    """Why ``actor`` cannot take this step now, in plain words; empty when nothing stands in the way."""
    if record.state not in transition.sources:
        return _("Questo passaggio non si può fare da qui")
    if not access.allowed(actor, transition.permission, record):
        return _("Non hai il permesso per questo passaggio")
    missing = missing_complete(form_of(session, record), record.answers) if transition.complete else ()
    names = ", ".join(pick(field.label, actor.language or DEFAULT) for field in missing)
    return _("Per pubblicare mancano ancora: %(blocks)s", blocks=names) if names else ""


def transitions_of(session: Session, record: Record, *, actor: Actor) -> list[tuple[Transition, str]]:
    """The steps that start where the record stands, each with the reason why it is blocked, or ``""``."""
    steps = available(workflow_of(session, record), record.state)
    return [(step, blocked_by(session, record, step, actor=actor)) for step in steps]


def fire(session: Session, record: Record, transition: str, *, actor: Actor, version: int | None = None) -> Record:
    """Take one step of the workflow. Raises NotFound (no such step), AccessDenied, Conflict, or Refused saying why."""
    workflow, form = workflow_of(session, record), form_of(session, record)
    step = workflow.by_transition.get(transition)
    if step is None:
        raise NotFound(f"transition {transition}")
    access.check(actor, step.permission, record)
    _check_version(record, record.version if version is None else version)
    if record.state not in step.sources:
        state = pick(workflow.by_state[record.state].label, DEFAULT)
        raise Refused(_("La scheda è nello stato «%(state)s»: questo passaggio non si può fare", state=state))
    if step.complete:
        _refuse_missing(missing_complete(form, record.answers))
    was_public = record.public
    record.state = step.target
    _save(session, record, form, workflow)
    remember(session, record, actor, f"transition:{step.key}", sentence=step.sentence)
    if record.public and not was_public:
        _announce(session, record)
    session.flush()
    return record


def _announce(session: Session, record: Record) -> None:
    """An editor published it. What an import brings in was public before, so it is no news."""
    title = record.answers[record_type(record.type).title_field]
    emit(session, "record.published", ref=record.ref, type=record.type, slug=record.slug, title=title)


def change_slug(session: Session, record: Record, *, actor: Actor) -> Record:
    """Give the record an address made from its present title; the former one redirects from now on."""
    access.check(actor, CHANGE, record)
    _readdress(session, record, actor)
    session.flush()
    return record


def _readdress(session: Session, record: Record, actor: Actor) -> None:
    title = record.answers[record_type(record.type).title_field][DEFAULT]
    if re.fullmatch(rf"{re.escape(slugify(title))}(-[0-9]+)?", record.slug):
        return
    session.add(RecordSlug(type=record.type, slug=record.slug, record_id=record.id, retired_at=clock.now()))
    record.slug, record.updated_at = free_slug(session, record.type, title), clock.now()
    session.flush()
    remember(session, record, actor, "readdressed")
    tell_search(session, [record.id])


def upgrade_record(session: Session, record: Record, *, actor: Actor, version: int) -> Record:
    """Pin the record to the current form version. Refused when that version has no place for an answer."""
    access.check(actor, CHANGE, record)
    _check_version(record, version)
    workflow = workflow_of(session, record)
    current = current_form(session, record_type(record.type))
    lost = [key for key in record.answers if key not in current.definition.by_key]
    if lost:
        raise Refused(_("La versione nuova del modulo non ha più: %(keys)s", keys=", ".join(lost)), code="lost_answers")
    before = opened_answers(session, record)
    clean = validate(current.definition, before, lookups=lookups_of(session, [current.definition]))
    record.answers = sealed_answers(session, record.id, current.definition, clean, before=record.answers, opened=before)
    pin(record, current)
    _save(session, record, current.definition, workflow)
    remember(session, record, actor, "upgraded")
    session.flush()
    return record
