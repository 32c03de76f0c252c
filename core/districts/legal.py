"""The legal bases that a processing or a sharing may stand on, with the articles they usually name."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from core.errors import FieldError, Invalid
from core.i18n import Texts, _


@dataclass(frozen=True, slots=True)
class Basis:
    """A legal basis: ``articles`` are those of the GDPR that fill the form."""

    key: str
    label: Texts
    articles: tuple[str, ...]


PUBLIC_TASK: Final = "public_task"
CONSENT: Final = "consent"
#: The public task stands first: it is the basis of social services (health and social care, art. 9.2 g and h).
BASES: Final[Mapping[str, Basis]] = {
    basis.key: basis
    for basis in (
        Basis(
            PUBLIC_TASK,
            {"it": "Compito di interesse pubblico", "en": "Task in the public interest"},
            ("6.1.e", "9.2.g", "9.2.h"),
        ),
        Basis("legal_obligation", {"it": "Obbligo di legge", "en": "Legal obligation"}, ("6.1.c",)),
        Basis("contract", {"it": "Contratto o convenzione", "en": "Contract or agreement"}, ("6.1.b",)),
        Basis("vital_interest", {"it": "Interesse vitale", "en": "Vital interest"}, ("6.1.d", "9.2.c")),
        Basis(CONSENT, {"it": "Consenso della persona", "en": "Consent of the person"}, ("6.1.a", "9.2.a")),
    )
}
MOST_ARTICLES: Final = 10


def basis_of(key: str) -> Basis:
    """The basis of that key. Raises Invalid on the field ``basis``."""
    if key not in BASES:
        raise Invalid([FieldError("basis", _("Scegli una base giuridica."), "required")])
    return BASES[key]


def articles_of(basis: Basis, given: str) -> list[str]:
    """The articles typed, parted by commas; those of the basis where nothing was typed. Raises Invalid."""
    found = [part.strip() for part in given.split(",") if part.strip()] or list(basis.articles)
    if len(found) > MOST_ARTICLES or any(len(article) > 30 for article in found):
        raise Invalid(
            [FieldError("articles", _("Scrivi gli articoli separati da virgole, al massimo dieci."), "range")]
        )
    return found
