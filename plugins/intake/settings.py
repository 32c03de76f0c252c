"""What a model or the console may set: the schema of ``[plugins.intake]``."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Settings:
    """``code_prefix``: the first part of every person's code. ``page_size``: persons on a page of the list."""

    code_prefix: str = field(
        default="PER",
        metadata={
            "max_length": 6,
            "label": {"it": "Prime lettere dei codici delle persone", "en": "First letters of the persons' codes"},
        },
    )
    page_size: int = field(
        default=50, metadata={"min": 10, "max": 100, "label": {"it": "Persone per pagina", "en": "Persons on a page"}}
    )
