"""Protected questions on the form of a record: what is hidden is not asked, what is asked again is not shown."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Final

from core.forms.definition import Field, Form, Option
from core.i18n import LANGUAGES
from core.records.sealing import Rights, asked, without

#: Before the name of a question: the box that empties its hidden answer.
CLEAR: Final = "clear_"
KEEPS: Final = {
    "it": "Il dato è nascosto. Se lasci vuoto, resta com’è.",
    "en": "This answer is hidden. If you leave it empty, it stays as it is.",
}
CLEARS: Final = {"it": "Cancella il dato nascosto", "en": "Erase the hidden answer"}
ERASE: Final = (Option("yes", {"it": "Sì, cancellalo", "en": "Yes, erase it"}),)


def form_for(form: Form, rights: Rights, *, stored: bool) -> Form:
    """The form as the editor meets it: without the questions that may not be written.

    ``stored``: the record is there, so a question of a class that is shown only for a reason comes empty, with a box
    that erases the answer behind the dots.
    """
    open_form = without(form, frozenset(key for key, right in rights.items() if right != "write"))
    blank = _blank(form, rights) if stored else frozenset()
    if not blank:
        return open_form
    fields = tuple(part for field in open_form.fields for part in _asked(field, blank))
    return replace(open_form, fields=fields, content={"of": open_form.digest, "blank": sorted(blank)})


def _blank(form: Form, rights: Rights) -> frozenset[str]:
    return frozenset(key for key, field in form.protected.items() if asked(field) and rights[key] == "write")


def _asked(field: Field, blank: frozenset[str]) -> tuple[Field, ...]:
    if field.key not in blank:
        return (field,)
    hint = {lang: f"{field.hint.get(lang, '')} {KEEPS[lang]}".strip() for lang in LANGUAGES}
    label = {lang: f"{field.label.get(lang) or field.label['it']}: {CLEARS[lang].lower()}" for lang in LANGUAGES}
    box = Field(key=f"{CLEAR}{field.key}", type="choices", label=label, section=field.section, options=ERASE)
    return (replace(field, required=False, complete=False, hint=hint), box)


def answers_of(form: Form, rights: Rights, typed: Mapping[str, Any], *, stored: bool) -> dict[str, Any]:
    """What was typed in ``form_for`` as answers to ``form``: untouched dots are no answer, an erased one is None."""
    blank = _blank(form, rights) if stored else frozenset()
    answers = {key: value for key, value in typed.items() if key in form.by_key}
    for key in blank:
        if typed.get(f"{CLEAR}{key}"):
            answers[key] = None
        elif _nothing(answers.get(key)):
            answers.pop(key, None)
    return answers


def _nothing(value: Any) -> bool:
    """Whether nothing was typed, in no language and in no row."""
    if isinstance(value, Mapping):
        return all(_nothing(part) for part in value.values())
    if isinstance(value, list | tuple):
        return all(_nothing(part) for part in value)
    return value is None or not str(value).strip()
