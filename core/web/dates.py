"""Dates in words, in the language of the page."""

from __future__ import annotations

from datetime import date, datetime

from babel import dates

from core import clock
from core.web.context import page_language


def format_date(day: date | datetime | str | None) -> str:
    """A date in words: ``22 novembre 2026``; a moment is shown as its day in Italy."""
    if not day:
        return ""
    if isinstance(day, str):
        day = date.fromisoformat(day[:10])
    if isinstance(day, datetime):
        day = day.astimezone(clock.ROME).date()
    lang = page_language()
    text = dates.format_date(day, "d MMMM y", locale=lang)
    return f"1º{text[1:]}" if day.day == 1 and lang == "it" else text
