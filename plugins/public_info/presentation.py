"""From a record to the plain values of its page: what is shown follows from the form, not from the type's name."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from flask import url_for
from markupsafe import Markup, escape

from core.toolkit import FormField, Record, RecordForm, Texts, _, clock, format_date, pick, rich_text

Block = dict[str, Any]
#: Shown in the head or the foot of the page, never as a block.
HEAD = frozenset({"title", "summary", "availability", "availability_reason", "in_brief", "topics", "audiences"})
FOOT = frozenset({"municipalities", "source_title", "source_date", "source_created_at", "related", "previous_versions"})
#: The act itself, in a panel of its own.
ACT = frozenset(
    {
        "kind",
        "number",
        "act_date",
        "cited_as",
        "urn",
        "link",
        "in_force_from",
        "in_force_to",
        "validity_note",
        "chapters",
    }
)
MEANING = "meaning"
STATES: Mapping[str, str] = {
    "active": "ok",
    "confirmed": "ok",
    "suspended": "pause",
    "ended": "pause",
    "open": "ok",
    "on_request": "info",
    "closed": "pause",
    "to_confirm": "soon",
}


@dataclass(frozen=True, slots=True)
class Reading:
    """One record as one reader sees it: its form, the language, and the names that its answers refer to."""

    record: Record
    form: RecordForm
    lang: str
    terms: Mapping[str, Mapping[str, Texts]] = field(default_factory=dict)
    municipalities: Mapping[str, str] = field(default_factory=dict)
    #: Public records by ref, for links.
    linked: Mapping[str, Record] = field(default_factory=dict)
    types: Mapping[str, str] = field(default_factory=dict)

    def answer(self, key: str) -> Any:
        """The stored answer, or None."""
        return self.record.answers.get(key)

    def text(self, key: str) -> str:
        """A text in the reader's language, else in Italian."""
        return pick(self.answer(key), self.lang)

    def foreign(self, texts: Any) -> str:
        """The language of a text where it is not the reader's, else ``""``."""
        if not isinstance(texts, Mapping) or not texts or texts.get(self.lang):
            return ""
        return next((code for code, text in texts.items() if text), "")

    def label(self, item: FormField) -> str:
        """The question's label."""
        return pick(item.label, self.lang)

    def option(self, key: str) -> str:
        """The label of the chosen option of a ``choice``."""
        item = self.form.by_key.get(key)
        chosen = self.answer(key)
        return next((pick(o.label, self.lang) for o in (item.options if item else ()) if o.key == chosen), "")


def page_of(reading: Reading) -> dict[str, Any]:
    """The values of ``public_info/service.html``, ``regulation.html`` and ``course.html``."""
    return {
        **_head(reading),
        **_foot(reading),
        **_act(reading),
        "blocks": list(_blocks(reading)),
        "brief": _brief(reading),
    }


def _head(reading: Reading) -> dict[str, Any]:
    blocks = {"how_to_apply", "how_to_enrol"} & {key for key, value in reading.record.answers.items() if value}
    chosen = reading.answer("availability")
    return {
        "title": reading.text("title"),
        "lead": reading.text("summary"),
        "lang": reading.foreign(reading.answer("title")),
        "state": (STATES.get(chosen, "info"), reading.option("availability")) if chosen else None,
        "state_note": reading.text("availability_reason") if chosen != "active" else "",
        "ask": next(iter(blocks), None),
        "deadline": day_of(reading.answer("deadline")),
    }


def _foot(reading: Reading) -> dict[str, Any]:
    return {
        "topics": [(label, _search("topic", key)) for key, label in _labels(reading, "topics")],
        "audiences": [label for _key, label in _labels(reading, "audiences")],
        "municipalities": [reading.municipalities.get(code, code) for code in reading.answer("municipalities") or ()],
        "updated": reading.record.updated_at,
        "valid_to": reading.record.valid_to,
        "source": _source(reading),
        "source_created": _moment(reading.answer("source_created_at")),
        "related": [_card(reading, row) for row in _records(reading, "related")],
    }


def _act(reading: Reading) -> dict[str, Any]:
    meanings = [b for item in reading.form.fields if item.section == MEANING for b in _block(reading, item)]
    return {
        "kind": reading.option("kind"),
        "number": reading.answer("number"),
        "cited_as": reading.text("cited_as"),
        "act_date": day_of(reading.answer("act_date")),
        "in_force_from": day_of(reading.answer("in_force_from")),
        "in_force_to": day_of(reading.answer("in_force_to")),
        "validity_note": reading.text("validity_note"),
        "urn": reading.answer("urn"),
        "link": reading.answer("link"),
        "meanings": meanings,
        "chapters": [_chapter(reading, row) for row in reading.answer("chapters") or ()],
        "previous": [(_title(reading, row), _url(reading, row)) for row in _records(reading, "previous_versions")],
    }


def _brief(reading: Reading) -> list[tuple[str, str]]:
    """The facts of "In breve": those the editor wrote that hold today, then the short answers of the form."""
    today = clock.today().isoformat()
    written = [
        (pick(row.get("name"), reading.lang), pick(row.get("value"), reading.lang))
        for row in reading.answer("in_brief") or ()
        if (row.get("from_date") or "") <= today < (row.get("to_date") or "9999")
    ]
    shown = HEAD | FOOT | ACT
    short = [item for item in reading.form.fields if item.type in FACTS and item.key not in shown]
    answers = [(reading.label(item), FACTS[item.type](reading.answer(item.key))) for item in short]
    return written + [(label, value) for label, value in answers if value]


FACTS: Mapping[str, Callable[[Any], str]] = {
    "date": lambda value: format_date(value) if value else "",
    "integer": lambda value: "" if value is None else str(value),
}


def _blocks(reading: Reading) -> Iterable[Block]:
    shown = HEAD | FOOT | ACT
    for item in reading.form.fields:
        if item.key not in shown and item.section != MEANING:
            yield from _block(reading, item)


def _block(reading: Reading, item: FormField) -> Iterable[Block]:
    """The block of one question; nothing where it was not answered, so that no heading stays empty."""
    answer = reading.answer(item.key)
    show = BLOCKS.get(item.type)
    if not answer or show is None:
        return
    filled = show(reading, item, answer)
    if filled:
        yield {"id": item.key, "title": reading.label(item), "lang": reading.foreign(answer), **filled}


def _rich(reading: Reading, item: FormField, answer: Any) -> Block:
    return {"html": rich_text(pick(answer, reading.lang))}


def _plain(reading: Reading, item: FormField, answer: Any) -> Block:
    paragraphs = [line for line in pick(answer, reading.lang).splitlines() if line.strip()]
    return {"html": Markup("").join(Markup("<p>{}</p>").format(line) for line in paragraphs)}


def _rows(reading: Reading, item: FormField, answer: Any) -> Block:
    """Rows say by their columns what they are: steps, contacts or documents."""
    columns = {column.key for column in item.fields}
    if "duration" in columns:
        return {"phases": [_phase(reading, row) for row in answer]}
    if "address" in columns:
        return {"contacts": [_contact(reading, row) for row in answer]}
    return {"links": [_document(reading, row) for row in answer]}


def _record_links(reading: Reading, item: FormField, answer: Any) -> Block:
    found = _records(reading, item.key)
    return {"links": [{"text": _title(reading, row), "url": _url(reading, row)} for row in found]} if found else {}


BLOCKS: Mapping[str, Callable[[Reading, FormField, Any], Block]] = {
    "rich_text": _rich,
    "long_text": _plain,
    "text": _plain,
    "rows": _rows,
    "records": _record_links,
}


def _phase(reading: Reading, row: Mapping[str, Any]) -> dict[str, str]:
    keys = {"name": "name", "when": "duration", "text": "description"}
    return {name: pick(row.get(key), reading.lang) for name, key in keys.items()}


def _contact(reading: Reading, row: Mapping[str, Any]) -> dict[str, str]:
    return {key: pick(row.get(key), reading.lang) for key in ("name", "address", "phone", "email", "hours")}


def _document(reading: Reading, row: Mapping[str, Any]) -> dict[str, str]:
    day = format_date(row.get("version_date"))
    notes = [_("versione del %(day)s", day=day) if day else "", pick(row.get("note"), reading.lang)]
    note = ", ".join(part for part in notes if part)
    return {"text": pick(row.get("name"), reading.lang), "url": str(row.get("link") or ""), "note": note}


def _chapter(reading: Reading, row: Mapping[str, Any]) -> dict[str, Any]:
    texts = {key: pick(row.get(key), reading.lang) for key in ("name", "text")}
    return {"number": row.get("number"), "page": row.get("page"), "lang": reading.foreign(row.get("name")), **texts}


def _source(reading: Reading) -> str:
    title, day = reading.text("source_title"), format_date(reading.answer("source_date"))
    return ", ".join(part for part in (title, day) if part)


def _labels(reading: Reading, key: str) -> list[tuple[str, str]]:
    names = reading.terms.get(key, {})
    return [(term, pick(names.get(term), reading.lang) or term) for term in reading.answer(key) or ()]


def _records(reading: Reading, key: str) -> list[Record]:
    """The records that an answer points to, as far as this reader may see them."""
    return [reading.linked[ref] for ref in reading.answer(key) or () if ref in reading.linked]


def _card(reading: Reading, row: Record) -> dict[str, str]:
    title = row.answers.get("title")
    return {
        "title": _title(reading, row),
        "url": _url(reading, row),
        "text": pick(row.answers.get("summary"), reading.lang),
        "lang": reading.foreign(title),
    }


def _title(reading: Reading, row: Record) -> str:
    return pick(row.answers.get("title"), reading.lang)


def _url(reading: Reading, row: Record) -> str:
    return item_url(row.type, row.slug)


def item_url(type_: str, slug: str, **values: Any) -> str:
    """The address of a record's public page."""
    return url_for(f"public_info.{type_}", slug=slug, **values)


def _search(facet: str, value: str) -> str:
    values: dict[str, Any] = {facet: value}
    return url_for("public_info.search", **values)


def day_of(value: Any) -> date | None:
    """A stored date, or None."""
    return date.fromisoformat(value) if isinstance(value, str) and value else None


def _moment(value: Any) -> datetime | None:
    """A moment as the clocks in Italy show it (INL-071)."""
    return datetime.fromisoformat(value).astimezone(clock.ROME) if isinstance(value, str) and value else None


def marked(pieces: Iterable[tuple[str, bool]]) -> Markup:
    """A snippet as safe HTML; matches side by side are one mark, as "borsa lavoro" is one thing."""
    joined = _joined(pieces)
    return Markup("").join(Markup("<mark>{}</mark>").format(text) if hit else escape(text) for text, hit in joined)


def _joined(pieces: Iterable[tuple[str, bool]]) -> list[tuple[str, bool]]:
    """The pieces with marked neighbours made one: those with nothing but space between them."""
    found: list[tuple[str, bool]] = []
    for text, hit in pieces:
        if hit and found and found[-1][1]:
            found[-1] = (found[-1][0] + text, True)
        elif hit and len(found) > 1 and found[-2][1] and found[-1][0].isspace():
            space, first = found.pop()[0], found.pop()[0]
            found.append((first + space + text, True))
        else:
            found.append((text, hit))
    return found
