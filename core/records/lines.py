"""The line format of import and export: one JSON object a line, judged before anything touches the database."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, time
from typing import Any

from core import clock
from core.errors import Invalid
from core.forms.definition import Field, Form
from core.forms.folding import strip_controls
from core.forms.lookups import Lookups
from core.forms.types.base import Problem, shorten
from core.forms.types.dates import parse_day
from core.forms.types.lists import REF_LENGTH
from core.forms.validation import missing_complete, validate
from core.i18n import DEFAULT, LANGUAGES, _, pick
from core.records.models import Record
from core.records.writing import check_validity

#: Longest line taken; a longer one is a mistake or an attack.
MAX_LINE = 2_000_000
#: Answers that stand at the top of a line; all others stand in ``fields``.
SHARED = ("title", "summary", "body", "topics", "audiences", "municipalities")
KEYS = ("id", "type", "title", "summary", "body", "fields", "topics", "audiences", "municipalities",
        "state", "valid_from", "valid_to")  # fmt: skip
_BOM = "\ufeff"


class BadLine(Exception):
    """A line cannot be taken; the message says why in plain words."""


@dataclass(frozen=True)
class TypeFacts:
    """What judging a line needs to know of its record type."""

    form: Form
    states: frozenset[str]
    initial: str
    complete_states: frozenset[str]
    title_field: str


@dataclass(frozen=True)
class Line:
    """A judged line. ``answers`` holds only the questions the line speaks of; ``None`` empties one."""

    number: int
    ref: str
    type: str
    answers: Mapping[str, Any]
    state: str | None
    validity: Mapping[str, datetime | None] = field(default_factory=dict)


def decode(raw: str | bytes, number: int) -> str:
    """The text of a line. Raises BadLine for a wrong encoding or length."""
    if len(raw) > MAX_LINE:
        raise BadLine(_("La riga è troppo lunga: il massimo è %(most)s byte", most=MAX_LINE))
    try:
        text = raw.decode("utf-8") if isinstance(raw, bytes) else raw
    except UnicodeDecodeError as error:
        raise BadLine(_("La riga non è in UTF-8: salva il file in UTF-8 e riprova")) from error
    return text.removeprefix(_BOM) if number == 1 else text


def parse(text: str) -> dict[str, Any]:
    """The object of a line. Raises BadLine."""
    if "\x00" in text or "\\u0000" in text:
        raise BadLine(_("La riga contiene caratteri NUL"))
    try:
        data = json.loads(text, parse_constant=_no_constant)
    except RecursionError as error:
        raise BadLine(_("Il JSON ha troppi livelli")) from error
    except json.JSONDecodeError as error:
        raise BadLine(
            _("Il JSON non è valido alla colonna %(column)s: %(reason)s", column=error.colno, reason=error.msg)
        ) from error
    except ValueError as error:
        raise BadLine(_("Il JSON contiene un numero non ammesso")) from error
    if not isinstance(data, dict):
        raise BadLine(_("La riga deve essere un oggetto JSON"))
    return data


def _no_constant(name: str) -> Any:
    raise ValueError(name)


def judge(number: int, data: Mapping[str, Any], types: Callable[[str], TypeFacts | None], lookups: Lookups) -> Line:
    """The line as answers of its form. Raises BadLine naming everything that is wrong."""
    unknown = [shorten(key) for key in data if key not in KEYS]
    if unknown:
        raise BadLine(_("Chiavi sconosciute: %(keys)s", keys=", ".join(unknown)))
    ref, type_ = _ref(data), data.get("type")
    facts = types(type_) if isinstance(type_, str) else None
    if facts is None or not isinstance(type_, str):
        raise BadLine(_("Il tipo «%(type)s» non esiste", type=shorten(type_)))
    answers = _answers(data, facts, lookups)
    return Line(number, ref, type_, answers, _state(data, facts), _validity(data))


def _ref(data: Mapping[str, Any]) -> str:
    ref = data.get("id")
    if not isinstance(ref, str) or not ref.strip():
        raise BadLine(_("Manca «id»"))
    if len(ref) > REF_LENGTH or strip_controls(ref) != ref:
        raise BadLine(_("«id» può avere al massimo %(most)s caratteri visibili", most=REF_LENGTH))
    return ref


def _answers(data: Mapping[str, Any], facts: TypeFacts, lookups: Lookups) -> dict[str, Any]:
    raw = _raw_answers(data, facts.form)
    title = raw.get(facts.title_field)
    if not title or (isinstance(title, Mapping) and not title.get(DEFAULT)):
        raise BadLine(_("Manca il titolo in italiano"))
    try:
        return validate(facts.form, raw, partial=True, lookups=lookups)
    except Invalid as invalid:
        raise BadLine("; ".join(f"{error.field}: {error.message}" for error in invalid.errors[:10])) from invalid


def _raw_answers(data: Mapping[str, Any], form: Form) -> dict[str, Any]:
    """The answers a line gives. With ``fields`` it speaks of all of them: those it leaves out are emptied.

    Protected ones stay: an export leaves them out, and bringing it in again must not erase them.
    """
    shared = {key: data[key] for key in SHARED if key in data and (key in form.by_key or data[key])}
    if "fields" not in data:
        return shared
    fields = data["fields"] if data["fields"] is not None else {}
    if not isinstance(fields, Mapping):
        raise BadLine(_("«fields» deve essere un oggetto"))
    misplaced = [key for key in SHARED if key in fields]
    if misplaced:
        raise BadLine(_("«%(key)s» sta fuori da «fields»", key=misplaced[0]))
    emptied = {key: None for key in form.by_key if key not in SHARED and key not in form.protected}
    return {**emptied, **fields, **shared}


def _state(data: Mapping[str, Any], facts: TypeFacts) -> str | None:
    state = data.get("state")
    if state is not None and (not isinstance(state, str) or state not in facts.states):
        raise BadLine(_("Lo stato «%(state)s» non esiste", state=shorten(state)))
    return state


def _validity(data: Mapping[str, Any]) -> dict[str, datetime | None]:
    validity = {key: _moment(key, data[key]) for key in ("valid_from", "valid_to") if key in data}
    try:
        check_validity(validity.get("valid_from"), validity.get("valid_to"))
    except Invalid as invalid:
        raise BadLine(f"{invalid.errors[0].field}: {invalid.errors[0].message}") from invalid
    return validity


def _moment(key: str, value: object) -> datetime | None:
    """A day (it begins at midnight in Rome) or a moment with its time zone."""
    if value is None or value == "":
        return None
    try:
        if isinstance(value, str) and "T" in value:
            moment = datetime.fromisoformat(value)
            return moment if moment.tzinfo else moment.replace(tzinfo=clock.ROME)
        day = parse_day(value)
        return datetime.combine(day, time(), clock.ROME) if day else None
    except (Problem, ValueError, OverflowError) as error:
        message = _("«%(value)s» non è una data: scrivila così, 2026-03-31", value=shorten(value))
        raise BadLine(f"{key}: {message}") from error


def missing_blocks(form: Form, answers: Mapping[str, Any]) -> str:
    """The names of the blocks that publishing asks for and are not there; empty when none is missing."""
    return ", ".join(pick(item.label, DEFAULT) for item in missing_complete(form, answers))


def line_of(record: Record, form: Form, answers: Mapping[str, Any] | None = None) -> str:
    """A record as a line, without the line break; the same record always gives the same bytes.

    ``answers`` are those that the reader may see (default: the plain ones).
    """
    shown = answers if answers is not None else {k: v for k, v in record.answers.items() if k not in form.protected}
    answers = dict(_ordered(form, shown))
    data: dict[str, Any] = {"id": record.ref, "type": record.type}
    for key in KEYS[2:9]:
        data[key] = _own_fields(answers) if key == "fields" else answers.get(key, _EMPTY[key]())
    data |= {"state": record.state, "valid_from": _written(record.valid_from), "valid_to": _written(record.valid_to)}
    return json.dumps(data, ensure_ascii=False, separators=(",", ":"))


_EMPTY: Mapping[str, Callable[[], Any]] = {
    "title": dict, "summary": dict, "body": dict, "topics": list, "audiences": list, "municipalities": list,
}  # fmt: skip


def _own_fields(answers: Mapping[str, Any]) -> dict[str, Any]:
    return {key: answer for key, answer in answers.items() if key not in SHARED}


def _ordered(form: Form, answers: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    """In the order of the form: a database may shuffle the keys of JSON."""
    for item in form.fields:
        if item.key in answers:
            yield item.key, _ordered_answer(item, answers[item.key])


def _ordered_answer(item: Field, answer: Any) -> Any:
    if item.localized:
        return {lang: answer[lang] for lang in LANGUAGES if lang in answer}
    if not item.fields:
        return answer
    columns = item.fields
    return [{c.key: _ordered_answer(c, row[c.key]) for c in columns if c.key in row} for row in answer]


def _written(moment: datetime | None) -> str | None:
    if moment is None:
        return None
    local = moment.astimezone(clock.ROME)
    return local.date().isoformat() if local.time() == time() else moment.isoformat()
