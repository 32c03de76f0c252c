"""``GET /api/v1/<district>/public_info/search``."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flask.views import MethodView
from flask_smorest import Blueprint
from marshmallow import RAISE, fields, validate

from core.toolkit import ApiSchema, Hits, Query, Record, cached_json, current, pick, plain_text, snippet
from plugins.public_info import queries
from plugins.public_info.presentation import item_url
from plugins.public_info.schemas import SearchSchema
from plugins.public_info.views import LONGEST, readable_words, text_of

bp = Blueprint("public_info_api", __name__, description="Search of the information desk.")
LARGEST_PAGE = 100
LAST_PAGE = 10**12


class SearchArguments(ApiSchema):
    """What is searched. One parameter a facet; several values of one facet are alternatives."""

    class Meta:
        register = False

    q = fields.String(load_default="")
    lang = fields.String(load_default="it", validate=validate.OneOf(["it", "en"]))
    page = fields.Integer(load_default=1, validate=validate.Range(1, LAST_PAGE))
    page_size = fields.Integer(load_default=10, validate=validate.Range(1, LARGEST_PAGE))
    exact = fields.Boolean(load_default=False)
    type = fields.List(fields.String())
    topic = fields.List(fields.String())
    audience = fields.List(fields.String())
    municipality = fields.List(fields.String())
    kind = fields.List(fields.String())
    provider = fields.List(fields.String())


@bp.route("/search")
class Search(MethodView):
    """Search."""

    @bp.arguments(SearchArguments, location="query", unknown=RAISE)
    @bp.response(200, SearchSchema)
    def get(self, wanted: dict[str, Any]) -> Any:
        """Hits of a question, with counts a facet and the suggestion for a misspelt one."""
        facets = {name: tuple(wanted[name]) for name in queries.facet_names() if wanted.get(name)}
        words = readable_words(wanted["q"])[:LONGEST]
        query = Query(words, wanted["lang"], facets, wanted["page"], wanted["page_size"], wanted["exact"])
        hits, records = queries.search(current.session, current.actor, current.here, query)
        return cached_json(_answer(query, hits, records))


def _answer(query: Query, hits: Hits, records: list[Record]) -> dict[str, Any]:
    known = {record.id: record for record in records}
    labels = queries.facet_labels(current.here, query.lang)
    return {
        "items": [_item(query, hits, hit, known[hit.record_id]) for hit in hits.items if hit.record_id in known],
        "total": hits.total,
        "page": hits.page,
        "page_size": hits.page_size,
        "facets": {name: _counts(hits.facets.get(name, {}), labels.get(name, {})) for name in labels},
        "suggestion": hits.suggestion,
        "corrected": hits.corrected,
    }


def _counts(counts: Any, labels: Mapping[str, str]) -> list[dict[str, Any]]:
    found = [{"value": value, "label": labels.get(value, value), "count": count} for value, count in counts.items()]
    return sorted(found, key=lambda row: (-int(row["count"]), str(row["value"])))


def _item(query: Query, hits: Hits, hit: Any, record: Record) -> dict[str, Any]:
    title = record.answers.get("title", {})
    lang = query.lang if title.get(query.lang) else next(iter(title), query.lang)
    pieces = snippet(text_of(record, lang), hits.marks.of(lang), lang)
    return {
        "id": record.ref,
        "type": record.type,
        "title": pick(title, lang),
        "summary": plain_text(pick(record.answers.get("summary"), lang)),
        "lang": lang,
        "url": item_url(record.type, record.slug, lang=query.lang),
        "excerpt": "".join(text for text, _marked in pieces),
        "matched_by": list(hit.matched_by),
        "updated_at": record.updated_at.isoformat(),
    }
