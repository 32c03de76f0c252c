"""What a model or the console may set: the schema of ``[plugins.public_info]``."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Settings:
    """Sizes of the lists of the information desk.

    ``page_size``: items on a page of a list or of search. ``home_items``: services shown on the district's home page.
    """

    page_size: int = field(
        default=10,
        metadata={"min": 5, "max": 50, "label": {"it": "Schede per pagina", "en": "Items on a page"}},
    )
    home_items: int = field(
        default=6,
        metadata={
            "min": 0,
            "max": 24,
            "label": {"it": "Servizi sulla prima pagina", "en": "Services on the home page"},
        },
    )
