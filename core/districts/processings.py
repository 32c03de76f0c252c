"""The register of processing between a model, its rows and back; what the console wrote stays."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from core.districts.bundle import PROCESSING_KEYS, Bundle, ProcessingSpec
from core.districts.models import Organisation, Processing
from core.districts.reader import Where

#: What a row holds as the model writes it; the body is named by key there and by id here.
SAME = tuple(name for name in PROCESSING_KEYS if name not in {"organisation", "articles"})


def rows_of(session: Session, bundle: Bundle) -> list[dict[str, Any]]:
    """The model's entries as values of rows, without those that the console changed. The bodies are written."""
    changed = {name_of(row) for row in session.scalars(select(Processing).where(Processing.by_hand))}
    bodies = {row.key: row.id for row in session.scalars(select(Organisation))}
    return [values_of(spec, bodies) for spec in bundle.processings if spec.key not in changed]


def name_of(row: Processing) -> str:
    """How an entry is called in a bundle: an entry of the console by its id."""
    return row.key or f"console_{row.id.hex[-12:]}"


def values_of(spec: ProcessingSpec, bodies: dict[str, Any]) -> dict[str, Any]:
    """An entry of the model as the values of its row. ``bodies``: ids by key."""
    same = {name: getattr(spec, name) for name in SAME}
    texts = {"purpose": dict(spec.purpose), "kept": dict(spec.kept), "articles": list(spec.articles)}
    return {**same, **texts, "organisation_id": bodies.get(spec.organisation), "by_hand": False}


def written_by_hand(session: Session) -> Iterator[ProcessingSpec]:
    """What the console wrote or changed, as a model would say it."""
    keys = {row.id: row.key for row in session.scalars(select(Organisation))}
    for row in session.scalars(select(Processing).where(Processing.by_hand).order_by(Processing.id)):
        key = name_of(row)
        same = {name: getattr(row, name) for name in SAME if name != "key"}
        body = keys.get(row.organisation_id, "") if row.organisation_id else ""
        articles = tuple(map(str, row.articles))
        where = Where("console", f"processings.{key}")
        yield ProcessingSpec(**same, key=key, organisation=body, articles=articles, where=where)
