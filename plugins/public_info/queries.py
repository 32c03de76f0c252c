"""Reads of the information desk, shared by its pages and its API."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache
from typing import Any
from uuid import UUID

from flask import url_for
from sqlalchemy.orm import Session

from core.toolkit import (
    Actor,
    DashboardCard,
    DistrictSnapshot,
    FormField,
    Hits,
    Query,
    Record,
    RecordType,
    SlotContent,
    Texts,
    _,
    access,
    clock,
    current,
    form_of,
    ngettext,
    pick,
    record_queries,
    record_type,
    record_types,
)
from plugins.public_info.permissions import TYPES
from plugins.public_info.presentation import STATES, Reading, day_of, item_url

PLUGIN = "public_info"
#: Ways in on the home page, services named in each, and how many services are read to find them.
WAYS_IN, EXAMPLES, READ_FOR_NEEDS = 6, 2, 40
#: The state that lists do not mention.
USUAL = "active"


#: Kinds of answers that name other records.
REFERENCES = "records"


def types() -> tuple[RecordType, ...]:
    """The record types of the desk, services first."""
    return tuple(sorted(record_types(PLUGIN), key=lambda item: TYPES.index(item.key)))


def reading(session: Session, actor: Actor, district: DistrictSnapshot, record: Record, lang: str) -> Reading:
    """A record with all that its page names: labels of vocabularies, municipalities, other records."""
    form = form_of(session, record)
    words = {f.key: vocabulary_labels(district, f) for f in form.fields if f.config.get("vocabulary")}
    refs = [ref for f in form.fields if f.type == REFERENCES for ref in record.answers.get(f.key) or ()]
    linked = {row.ref: row for row in record_queries.by_refs(session, actor, refs)}
    places = {istat: place.name for istat, place in district.municipalities.items()}
    return Reading(record, form, lang, words, places, linked)


def vocabulary_labels(district: DistrictSnapshot, item: FormField) -> Mapping[str, Texts]:
    """Label of each term that a question offers."""
    return {key: term.label for key, term in district.vocabularies.get(item.config["vocabulary"], {}).items()}


def search(session: Session, actor: Actor, district: DistrictSnapshot, query: Query) -> tuple[Hits, list[Record]]:
    """A page of hits and, of these, the records that the actor may read as the database has them now."""
    desk = current.installation.search
    hits = desk.search(query, district_id=district.id, synonyms=district.synonyms, allowed=_limit(session, actor))
    return hits, record_queries.by_ids(session, actor, [hit.record_id for hit in hits.items])


def _limit(session: Session, actor: Actor) -> Any:
    """Nothing where the actor may read every type: then the page of hits alone is asked of the database.

    A reader of some types only gets totals and facets of these: no count may tell of what may not be seen.
    """
    if all(access.may(actor, "read", type_) for type_ in TYPES):
        return None
    return lambda refs: _readable(session, actor, refs)


def _readable(session: Session, actor: Actor, refs: Iterable[str]) -> set[str]:
    wanted = list(refs)
    found: set[str] = set()
    for start in range(0, len(wanted), 500):
        statement = access.select(actor, Record, "read").where(Record.ref.in_(wanted[start : start + 500]))
        found |= {record.ref for record in session.scalars(statement)}
    return found


@lru_cache(maxsize=64)
def facet_labels(district: DistrictSnapshot, lang: str) -> Mapping[str, Mapping[str, str]]:
    """Facet → value → label, in the order in which they are offered; made once for each snapshot."""
    labels: dict[str, Mapping[str, str]] = {"type": {item.key: pick(item.label_plural, lang) for item in types()}}
    for item in types():
        for field in item.form.fields:
            if field.facet and field.facet not in labels:
                labels[field.facet] = _facet(district, field, lang)
    return labels


def _facet(district: DistrictSnapshot, field: FormField, lang: str) -> Mapping[str, str]:
    if field.type == "municipalities":
        return {istat: place.name for istat, place in district.municipalities.items()}
    if field.config.get("vocabulary"):
        return {key: pick(label, lang) for key, label in vocabulary_labels(district, field).items()}
    return {option.key: pick(option.label, lang) for option in field.options}


def home(district: DistrictSnapshot, session: Session, actor: Actor) -> Sequence[SlotContent]:
    """Ways in, services and courses on the district's home page."""
    most = int(district.setting(PLUGIN, "home_items"))
    known = _public(session, actor, "service", max(most, READ_FOR_NEEDS))
    courses = _public(session, actor, "course", most)
    context = {
        **ways_in(district, known),
        "services": [entry(r) for r in known[:most]],
        "courses": [entry(r) for r in courses],
        "today": clock.today(),
        "topics": used_topics(district, (*known, *courses)),
    }
    return [SlotContent("public_info/home.html", context, order=100)] if known or courses else ()


def ways_in(district: DistrictSnapshot, services: Sequence[Record]) -> dict[str, Any]:
    """A way in for each audience that some service is for: ``needs`` as cards, the others as ``more_needs``.

    Audiences that have a service nearly of their own come first. A card names the services that say most about it:
    those with its words in their title, then those that no other card names, then those for the fewest others.
    """
    by_key = {key: _of_audience(services, key) for key in district.vocabularies.get("audiences", {})}
    ways = sorted(((key, rows) for key, rows in by_key.items() if rows), key=lambda way: _breadth(way[1][0]))
    named: set[UUID] = set()
    return {
        "needs": [_need(district, key, rows, named) for key, rows in ways[:WAYS_IN]],
        "more_needs": [(_audience(district, key), _for_audience(key)) for key, _rows in ways[WAYS_IN:]],
    }


def _of_audience(services: Sequence[Record], audience: str) -> list[Record]:
    """The services for an audience, those for the fewest others first."""
    return sorted((r for r in services if audience in (r.answers.get("audiences") or ())), key=_breadth)


def _breadth(record: Record) -> int:
    return len(record.answers.get("audiences") or ())


def _need(district: DistrictSnapshot, key: str, rows: Sequence[Record], named: set[UUID]) -> dict[str, str]:
    label = _audience(district, key)
    examples = sorted(rows, key=lambda r: (-len(_words(label) & _words(_title(r))), r.id in named))[:EXAMPLES]
    named.update(record.id for record in examples)
    text = _("Per esempio: %(titles)s", titles="; ".join(map(_title, examples)))
    return {"title": label, "url": _for_audience(key), "text": text}


def _title(record: Record) -> str:
    return pick(record.answers.get("title"), current.lang)


def _words(text: str) -> frozenset[str]:
    """The words that carry meaning; articles and prepositions are short."""
    return frozenset(re.findall(r"\w{4,}", text.lower()))


def _audience(district: DistrictSnapshot, key: str) -> str:
    return pick(district.vocabularies["audiences"][key].label, current.lang)


def _for_audience(key: str) -> str:
    values: dict[str, Any] = {"audience": key}
    return url_for("public_info.search", **values)


def used_topics(district: DistrictSnapshot, records: Iterable[Record]) -> list[tuple[str, str]]:
    """(label, address of the search) of each topic that one of the records is about, in the vocabulary's order."""
    used = {key for record in records for key in record.answers.get("topics") or ()}
    terms = district.vocabularies.get("topics", {})
    labels = {key: pick(term.label, current.lang) for key, term in terms.items() if key in used}
    return [(label, url_for("public_info.search", topic=key)) for key, label in labels.items()]


def _public(session: Session, actor: Actor, type_: str, most: int) -> tuple[Record, ...]:
    if not most:
        return ()
    wanted = record_queries.Listing(public=True, order="title", page_size=most)
    return record_queries.listing(session, actor, type_, wanted).items


def entry(record: Record) -> dict[str, Any]:
    """A record as one line of a list."""
    title = record.answers.get("title", {})
    foreign = "" if title.get(current.lang) else next(iter(title), "")
    return {
        "title": pick(title, current.lang),
        "url": item_url(record.type, record.slug),
        "text": pick(record.answers.get("summary"), current.lang),
        "lang": foreign,
        "state": _state(record),
        "date": day_of(record.answers.get("deadline")),
    }


def _state(record: Record) -> tuple[str, str] | None:
    """How it stands, where that is not the plain case; most services are active, and saying so helps nobody."""
    chosen = record.answers.get("availability")
    question = record_type(record.type).form.by_key.get("availability")
    options = question.options if question else ()
    labels = {option.key: pick(option.label, current.lang) for option in options}
    return (STATES.get(chosen, "info"), labels[chosen]) if chosen in labels and chosen != USUAL else None


def staff_cards(session: Session, actor: Actor) -> Sequence[DashboardCard]:
    """Published pages that lack blocks: work for editors."""
    if not any(access.may(actor, "change", type_) for type_ in TYPES):
        return ()
    lacking = [record for record, _missing in record_queries.incomplete_records(session, actor) if record.type in TYPES]
    if not lacking:
        return ()
    text = ngettext(
        "A %(num)s pagina pubblicata mancano delle parti.",
        "A %(num)s pagine pubblicate mancano delle parti.",
        len(lacking),
    )
    url = url_for("records.show", type_=lacking[0].type, record_id=lacking[0].id)
    return [DashboardCard(_("Pagine da completare"), text, url, _("Completa la prima"), order=100, kind="soon")]


def facet_names() -> tuple[str, ...]:
    """The facets that an address may carry."""
    fields = [field.facet for item in types() for field in item.form.fields if field.facet]
    return ("type", *dict.fromkeys(fields))
