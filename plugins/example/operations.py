"""Every write of the noticeboard."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date

from sqlalchemy import select
from sqlalchemy.orm import Session

from core.toolkit import Actor, Event, FieldError, Invalid, Texts, _, access, clock, snapshots
from plugins.example.models import Notice
from plugins.example.permissions import RESOURCE

LONGEST = 300


def post_notice(session: Session, text: Texts, *, actor: Actor, last_day: date | None = None, url: str = "") -> Notice:
    """Put a notice on the board until ``last_day``. Raises AccessDenied; Invalid for a wrong text or day."""
    access.require(actor, "create", RESOURCE)
    errors = list(_faults(text, last_day))
    if errors:
        raise Invalid(errors)
    notice = Notice(text=dict(text), last_day=last_day, url=url, created_by=actor.account_id)
    session.add(notice)
    session.flush()
    return notice


def _faults(text: Texts, last_day: date | None) -> list[FieldError]:
    found = []
    italian = text.get("it", "").strip()
    if not italian:
        found.append(FieldError("text", _("Scrivi il testo dell'avviso."), "required"))
    elif len(italian) > LONGEST:
        message = _(
            "L'avviso può avere al massimo %(most)s caratteri. Ne ha %(count)s.", most=LONGEST, count=len(italian)
        )
        found.append(FieldError("text", message, "too_long"))
    if last_day and last_day < clock.today():
        found.append(
            FieldError("last_day", _("L'ultimo giorno è già passato. Scegli oggi o un giorno futuro."), "past")
        )
    return found


def remove_notice(session: Session, notice: Notice, *, actor: Actor) -> None:
    """Take a notice off the board. Raises AccessDenied."""
    access.check(actor, "remove", notice)
    session.delete(notice)
    session.flush()


def welcome(session: Session, event: Event) -> None:
    """The first notice of a district that switches the board on; switching it on again adds none."""
    if event.payload.get("plugin") == "example" and session.scalars(select(Notice).limit(1)).first() is None:
        session.add(Notice(text=dict(WELCOME), event_id=event.id))


def announce(session: Session, event: Event) -> None:
    """Tell of a page that was published, where the board is on and may tell. An event may come twice, a notice not."""
    district = snapshots.by_id(session, event.district_id)
    if district is None or not district.has("example") or not district.setting("example", "announce"):
        return
    known = session.scalars(select(Notice).where(Notice.event_id == event.id)).first()
    titles = event.payload.get("title", {})
    if known is None and titles:
        texts = {lang: f"{NEW[lang]}: {title}" for lang, title in titles.items() if title and lang in NEW}
        session.add(Notice(text=texts, event_id=event.id))


WELCOME: Texts = {
    "it": "La bacheca è aperta: qui trovi gli avvisi del servizio.",
    "en": "The noticeboard is open: here you find the notices of the service.",
}
NEW: Texts = {"it": "Nuova pagina", "en": "New page"}
EVENTS: Mapping[str, Callable[[Session, Event], None]] = {"plugin.enabled": welcome, "record.published": announce}
