"""Judge a whole set of answers against a form."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from core.errors import FieldError, Invalid
from core.forms.definition import Field, Form
from core.forms.lookups import NOWHERE, Lookups
from core.forms.types import FIELD_TYPES, Value
from core.forms.types.base import shorten
from core.i18n import _

Answers = dict[str, Any]
#: An answer that is stored sealed is an object with this one key.
SEALED = "sealed"
DOTS = "••••••"


def is_sealed(answer: Any) -> bool:
    """Whether an answer is there and cannot be read without being opened."""
    return isinstance(answer, Mapping) and set(answer) == {SEALED}


def validate(
    form: Form,
    data: Mapping[str, Any],
    *,
    partial: bool = False,
    complete: bool = False,
    lookups: Lookups = NOWHERE,
) -> Answers:
    """The answers to store. Raises Invalid listing every wrong, unknown or missing answer.

    ``partial``: questions absent from ``data`` stay as they are, and an emptied one comes back as None. ``complete``:
    also what must be there to publish is demanded. ``lookups``: the district's words and municipalities.
    """
    errors = _unknown(form, data)
    answers: Answers = {}
    for field in form.fields:
        if partial and field.key not in data:
            continue
        try:
            answers[field.key] = FIELD_TYPES[field.type].clean(field, data.get(field.key), lookups)
        except Invalid as invalid:
            errors.extend(invalid.errors)
            continue
        if _must_answer(field, complete) and not is_answered(field, answers[field.key]):
            errors.append(FieldError(field.key, missing_message(field, answers[field.key]), "required"))
    if errors:
        raise Invalid(errors)
    return answers if partial else {key: answer for key, answer in answers.items() if answer is not None}


def _unknown(form: Form, data: Mapping[str, Any]) -> list[FieldError]:
    return [
        FieldError(shorten(key), _("«%(key)s» non è una domanda di questo modulo", key=shorten(key)), "unknown")
        for key in data
        if key not in form.by_key
    ]


def _must_answer(field: Field, complete: bool) -> bool:
    return field.required or (complete and field.complete)


def is_answered(field: Field, answer: Any) -> bool:
    """Whether ``answer`` fills the field: texts by language need the Italian one."""
    return is_sealed(answer) or FIELD_TYPES[field.type].is_answered(field, answer)


def missing_message(field: Field, answer: Any) -> str:
    """What to say of a required field without a (whole) answer."""
    return _("Manca il testo in italiano") if answer and field.localized else _("Compila questo campo")


def missing_complete(form: Form, answers: Mapping[str, Any]) -> tuple[Field, ...]:
    """The fields that must be filled to publish and are not."""
    wanted = (field for field in form.fields if field.complete or field.required)
    return tuple(field for field in wanted if not is_answered(field, answers.get(field.key)))


def filter_values(form: Form, answers: Mapping[str, Any]) -> list[tuple[str, Value]]:
    """Rows of ``core_record_value``: (field key, value) of every filterable answer."""
    pairs = ((field, answers.get(field.key)) for field in form.fields if field.filterable)
    return [
        (f.key, value) for f, answer in pairs if answer is not None for value in FIELD_TYPES[f.type].values(f, answer)
    ]


def display(form: Form, key: str, answers: Mapping[str, Any], lookups: Lookups = NOWHERE) -> str:
    """The answer to ``key`` as a person reads it, dots for a sealed one; empty without an answer or such a question."""
    field = form.by_key.get(key)
    if is_sealed(answers.get(key)):
        return DOTS
    return "" if field is None else FIELD_TYPES[field.type].display(field, answers.get(key), lookups)


def searchable(form: Form, weight: str) -> Sequence[Field]:
    """The fields that feed one weight (``title``, ``summary``, ``body``) of search."""
    return [field for field in form.fields if field.search == weight]
