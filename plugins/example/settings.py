"""What a model or the console may set: the schema of ``[plugins.example]``."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Settings:
    """``notices_on_home``: how many notices the district's home page shows. ``announce``: tell of new pages."""

    notices_on_home: int = field(
        default=3,
        metadata={"min": 0, "max": 10, "label": {"it": "Avvisi sulla prima pagina", "en": "Notices on the home page"}},
    )
    announce: bool = field(
        default=True, metadata={"label": {"it": "Annuncia le pagine nuove", "en": "Announce new pages"}}
    )
