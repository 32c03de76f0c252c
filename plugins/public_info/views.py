"""Public pages of the information desk: a list and an item page for each type, and the search."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flask import Blueprint, abort, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from core.toolkit import (
    Hits,
    Query,
    Record,
    RecordType,
    Redirect,
    _,
    access,
    asked,
    beyond,
    clock,
    current,
    format_date,
    highlight,
    page_number,
    pager,
    pick,
    plain_text,
    public_route,
    record_queries,
    snippet,
)
from plugins.public_info import queries
from plugins.public_info.presentation import item_url, marked, page_of

bp = Blueprint("public_info", __name__, template_folder="templates")
TEMPLATES = {"service": "service.html", "regulation": "regulation.html", "course": "course.html"}
#: Longest question that is searched; more is a pasted text.
LONGEST = 1000
#: How the names begin that newsletters and campaigns add to an address.
CAMPAIGNS = ("utm_", "mc_", "fbclid", "gclid")


@public_route(bp, "/servizi/", endpoint="services", methods=["GET"])
def services() -> str:
    """All services."""
    return _list("service", _("Che cosa possiamo fare per te, e come si chiede."))


@public_route(bp, "/regole/", endpoint="regulations", methods=["GET"])
def regulations() -> str:
    """All rules."""
    return _list("regulation", _("Leggi, linee guida e accordi, spiegati per chi li incontra."))


@public_route(bp, "/corsi/", endpoint="courses", methods=["GET"])
def courses() -> str:
    """All courses."""
    return _list("course", _("Corsi e percorsi di formazione a cui puoi partecipare."))


@public_route(bp, "/servizi/<slug>/", endpoint="service", methods=["GET"])
def service(slug: str) -> str | Response:
    """A service."""
    return _item("service", slug)


@public_route(bp, "/regole/<slug>/", endpoint="regulation", methods=["GET"])
def regulation(slug: str) -> str | Response:
    """A rule."""
    return _item("regulation", slug)


@public_route(bp, "/corsi/<slug>/", endpoint="course", methods=["GET"])
def course(slug: str) -> str | Response:
    """A course."""
    return _item("course", slug)


def _type(key: str) -> RecordType:
    return next(item for item in queries.types() if item.key == key)


def _list(type_: str, lead: str) -> str:
    """The public records of a type, found and counted by search, so that filters show how many each would leave."""
    item, chosen = _type(type_), _chosen()
    size = int(current.here.setting("public_info", "page_size"))
    query = Query(lang=current.lang, facets={**chosen, "type": (type_,)}, page=page_number(), page_size=size)
    hits, records = queries.search(current.session, current.actor, current.here, query)
    title = pick(item.label_plural, current.lang)
    endpoint = request.endpoint or ""
    return render_template(
        "public_info/list.html",
        trail=[_home(), (title, "")],
        title=title,
        lead=lead,
        url=url_for(endpoint),
        total=hits.total,
        groups=[("", [queries.entry(record) for record in records])],
        today=clock.today(),
        facets=_facets(hits, chosen, without="type"),
        active=_active(chosen, endpoint),
        pager=pager(hits.page, hits.pages),
        beyond=beyond(hits.page, hits.pages),
        create_url=_create_url(type_),
    )


def _create_url(type_: str) -> str | None:
    return url_for("records.new", type_=type_) if access.may(current.actor, "create", type_) else None


def _home() -> tuple[str, str]:
    return pick(current.here.name, current.lang), url_for("district.home")


def _item(type_: str, slug: str) -> str | Response:
    found = record_queries.published(current.session, current.actor, type_, slug)
    if found is None:
        abort(404)
    if isinstance(found, Redirect):
        return redirect(item_url(type_, found.slug), 301)
    item = _type(type_)
    reading = queries.reading(current.session, current.actor, current.here, found, current.lang)
    listing = {"service": "services", "regulation": "regulations", "course": "courses"}[type_]
    trail = [_home(), (pick(item.label_plural, current.lang), url_for(f"public_info.{listing}"))]
    return render_template(
        f"public_info/{TEMPLATES[type_]}",
        trail=[*trail, (reading.text("title"), "")],
        today=clock.today(),
        item={**page_of(reading), "edit_url": _edit_url(found)},
    )


def _edit_url(record: Record) -> str | None:
    may = current.actor.signed_in and access.allowed(current.actor, "change", record)
    return url_for("records.show", type_=record.type, record_id=record.id) if may else None


@public_route(bp, "/cerca/", endpoint="search", methods=["GET"])
def search() -> str:
    """Search everything that the desk publishes."""
    words = readable_words(request.args.get("q", ""))
    chosen, exact = _chosen(), request.args.get("exact") == "1"
    size = int(current.here.setting("public_info", "page_size"))
    query = Query(words[:LONGEST], current.lang, chosen, page_number(), size, exact)
    asked = bool(words or chosen)
    hits, records = queries.search(current.session, current.actor, current.here, query) if asked else (None, [])
    long = _("Hai scritto un testo molto lungo: cerchiamo le prime parole.") if len(words) > LONGEST else ""
    return render_template(
        "public_info/search.html",
        trail=[_home(), (_("Ricerca"), "")],
        url=url_for("public_info.search"),
        q=words[:LONGEST],
        problem="",
        note=" ".join(filter(None, (long, _unknown_filters()))),
        asked=asked,
        topics=[] if hits and hits.total else _topics(),
        **(_results(query, hits, records, chosen) if hits else {}),
    )


def _unknown_filters() -> str:
    """What to say of names in the address that are no filter; those that campaigns add mean nothing."""
    known = {"q", "page", "exact", *queries.facet_names()}
    unknown = [name for name in request.args if name not in known and not name.startswith(CAMPAIGNS)]
    if not unknown:
        return ""
    titles = ", ".join(_facet_titles().values())
    name = readable_words(unknown[0])[:40]
    return _("Il filtro «%(name)s» non esiste. Si può filtrare per: %(known)s.", name=name, known=titles)


def readable_words(text: str) -> str:
    """What was typed without characters that nobody can see."""
    return " ".join("".join(c if c.isprintable() else " " for c in text).split())


def _results(query: Query, hits: Hits, records: list[Record], chosen: Mapping[str, tuple[str, ...]]) -> dict[str, Any]:
    endpoint = "public_info.search"
    corrected = hits.suggestion if hits.corrected else None
    suggestion = hits.suggestion if hits.suggestion and not hits.corrected else None
    kept = [("q", query.text), *([("exact", "1")] if query.exact else [])]
    return {
        "total": hits.total,
        "unfiltered": _unfiltered(query, hits, chosen),
        "corrected": corrected,
        "original_url": url_for(endpoint, q=query.text, exact=1),
        "suggestion": (suggestion, url_for(endpoint, q=suggestion)) if suggestion else None,
        "facets": _facets(hits, chosen),
        "active": _active(chosen, endpoint),
        "clear_url": url_for(endpoint, q=query.text),
        "hidden": kept,
        "hits": _hits(hits, records),
        "pager": pager(hits.page, hits.pages),
        "beyond": beyond(hits.page, hits.pages),
    }


def _unfiltered(query: Query, hits: Hits, chosen: Mapping[str, tuple[str, ...]]) -> int:
    if not chosen:
        return hits.total
    everything = Query(query.text, query.lang, page_size=1, exact=query.exact)
    return queries.search(current.session, current.actor, current.here, everything)[0].total


def _hits(hits: Hits, records: list[Record]) -> list[dict[str, Any]]:
    """Only what the database still has and the reader may see, in the order of the index."""
    known = {record.id: record for record in records}
    labels = {item.key: pick(item.label, current.lang) for item in queries.types()}
    return [_hit(hits, hit, known[hit.record_id], labels) for hit in hits.items if hit.record_id in known]


def _hit(hits: Hits, hit: Any, record: Record, labels: Mapping[str, str]) -> dict[str, Any]:
    title = record.answers.get("title", {})
    lang = current.lang if title.get(current.lang) else next(iter(title), current.lang)
    stems = hits.marks.of(lang)
    return {
        "title": marked(highlight(pick(title, lang), stems, lang)),
        "url": item_url(record.type, record.slug),
        "excerpt": marked(snippet(text_of(record, lang), stems, lang)),
        "type": labels.get(record.type, record.type),
        "date": format_date(record.updated_at),
        "matched_by": ", ".join(hit.matched_by),
        "lang": "" if lang == current.lang else lang,
        "page_lang": current.lang,
    }


def text_of(record: Record, lang: str) -> str:
    """What an excerpt is cut from."""
    parts = (pick(record.answers.get(key), lang) for key in ("summary", "body", "for_whom", "what_you_get"))
    return " ".join(plain_text(part) for part in parts if part)


def _chosen() -> dict[str, tuple[str, ...]]:
    """Facets in the address; what no facet is called is not looked at, an unknown value finds nothing."""
    known = queries.facet_names()
    return {
        name: tuple(v[:100] for v in request.args.getlist(name)[:50]) for name in known if request.args.getlist(name)
    }


def _facet_titles() -> dict[str, str]:
    return {
        "type": _("Tipo"),
        "topic": _("Argomento"),
        "audience": _("Per chi"),
        "municipality": _("Comune"),
        "kind": _("Tipo di atto"),
        "provider": _("Chi tiene il corso"),
    }


def _facets(hits: Hits, chosen: Mapping[str, tuple[str, ...]], without: str = "") -> list[dict[str, Any]]:
    """Groups of filters with counts; values nobody has are left out unless they are chosen."""
    titles = _facet_titles()
    groups = []
    for name, labels in queries.facet_labels(current.here, current.lang).items():
        counts, on = hits.facets.get(name, {}), chosen.get(name, ())
        known = labels or {value: value for value in sorted({*counts, *on})}
        options = [(v, label, counts.get(v, 0), v in on) for v, label in known.items() if counts.get(v) or v in on]
        # One answer that nobody listed narrows nothing.
        if name != without and options and (labels or on or len(options) > 1):
            groups.append({"name": name, "label": titles.get(name, name), "options": options})
    return groups


def _active(chosen: Mapping[str, tuple[str, ...]], endpoint: str) -> list[tuple[str, str]]:
    """Each chosen filter with the address of the page without it."""
    labels = queries.facet_labels(current.here, current.lang) if chosen else {}
    found = []
    for name, values in chosen.items():
        for value in values:
            rest = {k: v for k, v in asked().items() if k != "page"}
            rest[name] = [v for v in rest[name] if v != value]
            found.append((labels.get(name, {}).get(value, value), url_for(endpoint, **rest)))
    return found


def _topics() -> list[tuple[str, str]]:
    """The topics that something is published about, each with its search."""
    everything = Query(lang=current.lang, page_size=1)
    used = queries.search(current.session, current.actor, current.here, everything)[0].facets.get("topic", {})
    labels = queries.facet_labels(current.here, current.lang).get("topic", {})
    return [(label, url_for("public_info.search", topic=key)) for key, label in labels.items() if used.get(key)]
