"""Comparison of names, and which names an address may carry."""

from __future__ import annotations

import re
import unicodedata

from core.i18n import LANGUAGES

SLUG = re.compile(r"[a-z][a-z0-9]*(-[a-z0-9]+)*")
#: First segments of an address that belong to the installation.
RESERVED_SLUGS = frozenset(
    {
        "account",
        "admin",
        "api",
        "configura",
        "favicon.ico",
        "health",
        "login",
        "logout",
        "metrics",
        "ready",
        "robots",
        "sitemap",
        "static",
        "well-known",
        *LANGUAGES,
    }
)
MIN_SLUG, MAX_SLUG = 3, 40


def folded(text: str) -> str:
    """The text without accents, capitals, punctuation and double spaces: ``"Sant'Agàta"`` is ``"sant agata"``."""
    spaced = text.replace("’", " ").replace("ß", "ss")
    plain = unicodedata.normalize("NFKD", spaced).encode("ascii", "ignore").decode()
    return " ".join(re.findall(r"[a-z0-9]+", plain.lower()))


def slug_problem(slug: str) -> str:
    """Why a slug cannot be the address of a district, or ``""``. Two letters are left to languages."""
    if slug in RESERVED_SLUGS:
        return "this word is reserved"
    if not MIN_SLUG <= len(slug) <= MAX_SLUG or not SLUG.fullmatch(slug):
        return "an address has 3 to 40 lower-case letters, digits and single hyphens, and starts with a letter"
    return ""
