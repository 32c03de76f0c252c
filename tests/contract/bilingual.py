"""Texts by language inside tables of TOML or JSON."""

from __future__ import annotations

from typing import Any


def italian_alone(value: Any) -> list[str]:
    """Italian texts without English, anywhere in a table."""
    if isinstance(value, dict):
        if "it" in value:
            return [] if value.get("en") else [str(value["it"])]
        return [text for inner in value.values() for text in italian_alone(inner)]
    return [text for inner in value for text in italian_alone(inner)] if isinstance(value, list) else []
