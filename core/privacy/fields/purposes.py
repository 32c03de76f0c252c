"""Why a protected field is opened: the core's purposes and those that a district's model adds."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from sqlalchemy.orm import Session

from core.districts.vocabularies import terms
from core.errors import FieldError, Invalid
from core.i18n import Texts, _

#: The vocabulary in which a model names its own purposes.
VOCABULARY: Final = "reveal_purposes"
#: The purpose that only a text explains.
OTHER: Final = "other"
#: Letters that make a reason; shorter ones say nothing.
LEAST_REASON: Final = 8
MOST_REASON: Final = 500


@dataclass(frozen=True, slots=True)
class Purpose:
    """A reason to choose from; ``needs_text``: it says nothing without words."""

    key: str
    label: Texts
    needs_text: bool = False


DEFAULTS: Final = (
    Purpose("interview", {"it": "Colloquio con la persona", "en": "Interview with the person"}),
    Purpose("project", {"it": "Scrivere il progetto", "en": "Writing the project"}),
    Purpose("requirements", {"it": "Verifica dei requisiti", "en": "Checking the requirements"}),
)
ELSE: Final = Purpose(OTHER, {"it": "Altro", "en": "Something else"}, needs_text=True)


def purposes(session: Session) -> Mapping[str, Purpose]:
    """The purposes of the session's district in the order of the screen; the one that needs words comes last."""
    named = (Purpose(term.key, term.label) for term in terms(session, VOCABULARY).values())
    found = {purpose.key: purpose for purpose in (*DEFAULTS, *named)}
    found.pop(OTHER, None)
    return {**found, OTHER: ELSE}


def check_purpose(session: Session, key: str, reason: str) -> Purpose:
    """The purpose chosen, with a reason where it needs one. Raises Invalid on the fields ``purpose``, ``reason``."""
    purpose = purposes(session).get(key)
    if purpose is None:
        raise Invalid([FieldError("purpose", _("Scegli perché ti serve."), "required")])
    if purpose.needs_text and sum(map(str.isalpha, reason)) < LEAST_REASON:
        raise Invalid([FieldError("reason", _("Scrivi il motivo con qualche parola."), "required")])
    if len(reason) > MOST_REASON:
        message = _("Il motivo è troppo lungo: il massimo è %(most)s caratteri.", most=MOST_REASON)
        raise Invalid([FieldError("reason", message, "max_length")])
    return purpose


def purpose_label(session: Session, key: str) -> Texts:
    """How a purpose that stands in the log is called; its key where the model no longer names it."""
    found = purposes(session).get(key)
    return found.label if found else {"it": key}
