"""Protected answers of a record: sealed one by one under the record's own key, opened where a right says so."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any, Final
from uuid import UUID

from sqlalchemy.orm import Session

from core import access, audit, crypto
from core.access import Actor
from core.access.layer import grant_right
from core.errors import AccessDenied
from core.forms.definition import Field, Form
from core.forms.validation import SEALED, display, is_sealed
from core.privacy.fields.columns import ASKED_CLASSES, ProtectedField, Sealed
from core.privacy.fields.subjects import register_subject_entity
from core.records.definitions import form_of
from core.records.lookups import lookups_of
from core.records.models import Record
from core.records.permissions import CHANGE

TABLE: Final = Record.__tablename__
SEEING: Final = frozenset({"read", "write"})
Rights = Mapping[str, str]


def sealed_answers(
    session: Session,
    record_id: UUID,
    form: Form,
    answers: Mapping[str, Any],
    *,
    before: Mapping[str, Any] | None = None,
    opened: Mapping[str, Any] | None = None,
) -> dict[str, Any]:
    """``answers`` as they are stored. Those that are as in ``opened`` keep the bytes that they have in ``before``."""
    stored, plain = before or {}, opened or {}
    return {
        key: stored[key]
        if key in form.protected and is_sealed(stored.get(key)) and plain.get(key) == answer
        else _stored(session, record_id, form, key, answer)
        for key, answer in answers.items()
    }


def _stored(session: Session, record_id: UUID, form: Form, key: str, answer: Any) -> Any:
    if key not in form.protected or is_sealed(answer):
        return answer
    text = json.dumps(answer, ensure_ascii=False, sort_keys=True)
    return {SEALED: Sealed(crypto.seal(session, record_id, text, table=TABLE, row_id=record_id, field=key)).text}


def opened_answers(session: Session, record: Record) -> dict[str, Any]:
    """Every answer in plain, for operations that store them again; one that cannot be read stays sealed."""
    return {key: _opened(session, record, key, answer) for key, answer in record.answers.items()}


def _opened(session: Session, record: Record, key: str, answer: Any) -> Any:
    if not is_sealed(answer):
        return answer
    try:
        return _open(session, record, key, answer)
    except crypto.Unreadable:
        return answer


def _open(session: Session, record: Record, key: str, answer: Mapping[str, str]) -> Any:
    sealed = Sealed.from_text(answer[SEALED]).ciphertext
    return json.loads(crypto.unseal(session, record.id, sealed, table=TABLE, row_id=record.id, field=key))


def note_look(session: Session, actor: Actor, record: Record, names: Iterable[str], part: str) -> None:
    """Write down that protected answers were shown; nothing where ``names`` holds none of them."""
    opened = tuple(sorted({*names} & form_of(session, record).protected.keys()))
    if opened:
        audit.look(
            session,
            actor,
            resource=record.type,
            object_id=record.id,
            subject_id=record.id,
            part=part,
            fields=opened,
            purpose="work",
        )


# Rights ---------------------------------------------------------------------------------------------------------------


def rights_on(actor: Actor, record: Record, form: Form) -> dict[str, str]:
    """The right on each protected question of a record; nothing is asked where the form has none."""
    if not form.protected:
        return {}
    rights = access.fields(actor, record)
    most = "write" if actor.is_system else "none"
    return {key: str(rights.get(field.protection, most)) for key, field in form.protected.items()}


def rights_to_create(actor: Actor, type_: str, form: Form) -> dict[str, str]:
    """The same for a record that is not there yet: what the most generous grant to change the type allows."""
    if not form.protected:
        return {}
    grants = [g for g in actor.grants if g.action == CHANGE and access.registry.covers(g.resource, type_)]
    return {
        key: "write"
        if actor.is_system or any(grant_right(grant, field.protection) == "write" for grant in grants)
        else "none"
        for key, field in form.protected.items()
    }


def check_writable(type_: str, rights: Rights, answers: Mapping[str, Any]) -> None:
    """Raise AccessDenied for an answer to a protected question that the actor may not write."""
    for key, right in rights.items():
        if key in answers and right != "write":
            raise AccessDenied(CHANGE, f"{type_}.{key}")


def without(form: Form, keys: frozenset[str]) -> Form:
    """The form without some questions, as a definition of its own."""
    if not keys:
        return form
    left = tuple(field for field in form.fields if field.key not in keys)
    return replace(form, fields=left, content={"of": form.digest, "without": sorted(keys)})


@dataclass(frozen=True, slots=True)
class Visible:
    """The answers that an actor sees without asking, and the names of those that are behind dots."""

    answers: dict[str, Any]
    masked: tuple[str, ...]


def visible_answers(session: Session, actor: Actor, record: Record) -> Visible:
    """What of a record may leave the house: API and export. Hidden classes are not even named."""
    form = form_of(session, record)
    rights = rights_on(actor, record, form)
    seen = {
        key: _opened(session, record, key, answer)
        for key, answer in record.answers.items()
        if _open_to(form, rights, key)
    }
    shown = {key: answer for key, answer in seen.items() if not is_sealed(answer)}
    masked = [key for key, right in rights.items() if right != "none" and not _open_to(form, rights, key)]
    unreadable = [key for key in seen if key not in shown]
    return Visible(shown, tuple(sorted({*masked, *unreadable})))


def _open_to(form: Form, rights: Rights, key: str) -> bool:
    field = form.protected.get(key)
    return field is None or (rights[key] in SEEING and field.protection not in ASKED_CLASSES)


def note_change(session: Session, actor: Actor, record: Record, form: Form, changed: list[str]) -> None:
    """Write to the audit which protected answers changed."""
    touched = tuple(key for key in changed if key in form.protected)
    if touched:
        audit.note(
            session, actor, "change", resource=record.type, object_id=record.id, subject_id=record.id, fields=touched
        )


# The pages that show one answer ---------------------------------------------------------------------------------------


class AnswerReader:
    """The protected answers of a record, as the pages of protected data read them."""

    def fields(self, session: Session, obj: Any) -> Mapping[str, ProtectedField]:
        """The protected questions of the record's form."""
        form = form_of(session, obj)
        return {key: ProtectedField(key, field.protection, field.label) for key, field in form.protected.items()}

    def value(self, session: Session, obj: Any, name: str) -> str | None:
        """The answer as a person reads it. Raises crypto.Unreadable."""
        answer = obj.answers.get(name)
        if answer is None:
            return None
        form = form_of(session, obj)
        plain = _open(session, obj, name, answer) if is_sealed(answer) else answer
        return display(form, name, {name: plain}, lookups_of(session, [form]))


def answers_for_edit(session: Session, record: Record, form: Form, rights: Rights) -> dict[str, Any]:
    """The answers that a form shows: plain ones, and personal ones that the editor may write."""
    return {
        key: _opened(session, record, key, answer)
        for key, answer in record.answers.items()
        if key not in form.protected or (rights[key] == "write" and not asked(form.protected[key]))
    }


def asked(field: Field) -> bool:
    """Whether an answer is shown only to who says why, so that a form for changing it comes without it."""
    return field.protection in ASKED_CLASSES


register_subject_entity(
    Record,
    resource=None,
    page="records.show",
    subject=lambda record: UUID(str(record.id)),
    title=lambda record: str(record.ref),
    values=lambda record: {"type_": record.type, "record_id": record.id},
    reader=AnswerReader(),
)
