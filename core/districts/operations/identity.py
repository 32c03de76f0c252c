"""What a district is called and how it is reached."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from sqlalchemy.orm import Session

from core.access import Actor
from core.districts import checks
from core.districts.bundle import DAYS
from core.districts.models import (
    District,
)
from core.districts.permissions import DISTRICT
from core.districts.trace import begin, invalid, own_district, text_problem, trace
from core.i18n import LANGUAGES, _

IDENTITY = ("name", "service", "claim")
CONTACTS = ("address", "phone", "email", "hours")


def set_identity(session: Session, field: str, texts: Mapping[str, str] | None, *, actor: Actor) -> None:
    """Give the district another name, service name or claim than the model's; ``None`` returns to the model's."""
    begin(session, actor, DISTRICT)
    if field not in IDENTITY:
        raise invalid(field, _("Questo campo non si può cambiare."))
    if texts is not None and (not texts.get("it", "").strip() or not set(texts) <= set(LANGUAGES)):
        raise invalid(field, _("Serve almeno il testo in italiano."), "required")
    for problem in filter(None, map(text_problem, (texts or {}).values())):
        raise invalid(field, problem)
    district = own_district(session)
    _override(session, district, actor, field, dict(texts) if texts is not None else None)


def set_contact(session: Session, field: str, value: Any, *, actor: Actor) -> None:
    """Change the address, telephone, e-mail or hours of the district; ``None`` returns to the model's.

    Hours are a list of ``{"days": ["mon"], "from": "09:00", "to": "12:30"}``.
    """
    begin(session, actor, DISTRICT)
    if field not in CONTACTS:
        raise invalid(field, _("Questo campo non si può cambiare."))
    if value is not None and (problem := _CONTACT_CHECKS.get(field, text_problem)(value)):
        raise invalid(field, problem)
    district = own_district(session)
    contacts = {**district.overrides.get("contacts", {}), field: value}
    kept = {name: item for name, item in contacts.items() if item is not None}
    _override(session, district, actor, "contacts", kept or None)


def _email_problem(value: Any) -> str:
    return text_problem(value) or ("" if value.count("@") == 1 else str(_("Non è un indirizzo e-mail.")))


def _hours_problem(value: Any) -> str:
    try:
        problems = [checks.hours_problem(h["days"], h["from"], h["to"]) for h in value if set(h["days"]) <= set(DAYS)]
    except (TypeError, KeyError):
        return str(_("Gli orari non sono leggibili."))
    if len(problems) != len(value):
        return str(_("I giorni non sono validi."))
    return next(filter(None, problems), "")


_CONTACT_CHECKS: Mapping[str, Callable[[Any], str]] = {"email": _email_problem, "hours": _hours_problem}


def _override(session: Session, district: District, actor: Actor, field: str, value: Any) -> None:
    old = district.overrides.get(field)
    kept = {name: item for name, item in district.overrides.items() if name != field}
    district.overrides = kept if value is None else {**kept, field: value}
    trace(session, actor, "district.change", field, old=old, new=value)
