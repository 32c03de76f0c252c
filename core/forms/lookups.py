"""What a form must know of its district: words of vocabularies and municipalities, as plain data."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property

from core.forms.folding import fold
from core.i18n import DEFAULT, Texts


@dataclass(frozen=True)
class Lookups:
    """``vocabularies``: vocabulary → term key → label by language. ``municipalities``: ISTAT code → name."""

    vocabularies: Mapping[str, Mapping[str, Texts]] = field(default_factory=dict)
    municipalities: Mapping[str, str] = field(default_factory=dict)
    lang: str = DEFAULT

    @cached_property
    def _codes(self) -> Mapping[str, str]:
        names = {fold(name): code for code, name in self.municipalities.items()}
        return names | {code: code for code in self.municipalities}

    def municipality_code(self, text: str) -> str | None:
        """The ISTAT code of a municipality given by code or by name; None when the district has no such one."""
        return self._codes.get(fold(text))


#: For checks of shape alone, where no district is at hand.
NOWHERE = Lookups()
