"""The first page of the staff: how things stand, what waits, what one may do here."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, render_template, url_for

from core import access, clock
from core.contributions import DashboardCard
from core.errors import AccessDenied
from core.i18n import _, ngettext, pick
from core.records import queries
from core.records.definitions import RecordType, workflow_of
from core.records.models import Record
from core.records.permissions import CHANGE, CREATE
from core.web.context import current
from core.web.dates import format_date
from core.web.menus import menu
from core.web.notices import first_notices
from core.web.records import active_types
from core.web.routing import staff_route
from core.web.waiting import cards as own_cards
from core.web.waiting import ways

bp = Blueprint("staff", __name__)
MOST = 10
#: Kinds of cards that ask for something.
URGENT = frozenset({"soon", "late"})


@staff_route(bp, "/oggi", endpoint="today", methods=["GET"])
def today() -> str:
    """What to do today."""
    if not current.actor.signed_in:
        raise AccessDenied("read", "staff.today")
    mine, waiting = _unfinished()
    news, cards = first_notices(), _cards()
    return render_template(
        "staff/today.html",
        greeting=_("%(hello)s, %(name)s", hello=_hello(), name=current.actor.name),
        summary=_summary(len(mine), len(waiting), news["count"], sum(card.kind in URGENT for card in cards)),
        news=news,
        cards=cards,
        review=[_row(record) for record in waiting],
        drafts=[_row(record) for record in mine],
        abilities=_abilities(),
        writes=bool(_writable()),
        primary=None,
    )


def _hello() -> str:
    hour = clock.now().astimezone(clock.ROME).hour
    return _("Buongiorno") if hour < 14 else _("Buon pomeriggio") if hour < 18 else _("Buonasera")


def _summary(mine: int, waiting: int, news: int, urgent: int) -> str:
    if not mine and not waiting and not news and not urgent:
        return _("Non c'è niente che aspetta te.")
    parts = [ngettext("%(num)s cosa da guardare", "%(num)s cose da guardare", urgent)] if urgent else []
    parts += [ngettext("%(num)s novità", "%(num)s novità", news)] if news else []
    parts += [ngettext("%(num)s bozza tua da finire", "%(num)s bozze tue da finire", mine)] if mine else []
    if waiting:
        parts.append(ngettext("%(num)s scheda da controllare", "%(num)s schede da controllare", waiting))
    return f"{', '.join(parts)}."


def _unfinished() -> tuple[list[Record], list[Record]]:
    """My own records in the first state, and those of anybody that wait for somebody else's step."""
    mine: list[Record] = []
    waiting: list[Record] = []
    for item in active_types():
        states = [state.key for state in item.workflow.states if not state.public]
        page = queries.listing(current.session, current.actor, item.key, queries.Listing(states), action=CHANGE)
        for record in page.items:
            if record.state == item.workflow.initial and record.created_by == current.actor.account_id:
                mine.append(record)
            elif _may_advance(record):
                waiting.append(record)
    return mine[:MOST], waiting[:MOST]


def _may_advance(record: Record) -> bool:
    """Whether it stands between its first state and the public one, where the actor may take it."""
    workflow = workflow_of(current.session, record)
    steps = [s for s in workflow.transitions if record.state in s.sources and workflow.by_state[s.target].public]
    between = record.state != workflow.initial and record.published_at is None
    return between and any(access.may(current.actor, step.permission, record.type) for step in steps)


def _row(record: Record) -> dict[str, Any]:
    item = next(item for item in active_types() if item.key == record.type)
    return {
        "title": pick(record.answers.get(item.title_field), current.lang),
        "url": url_for("records.show", type_=record.type, record_id=record.id),
        "notes": [pick(item.label, current.lang), _("aggiornata il %(day)s", day=format_date(record.updated_at))],
    }


def _cards() -> list[Any]:
    hooks = current.installation.host.hooks
    facts: dict[str, Any] = {"district": current.here, "session": current.session, "actor": current.actor}
    found = hooks.display("dashboard_cards", kind=DashboardCard, **facts)
    offered = [*own_cards(), *(card for _plugin, cards in found for card in cards)]
    return sorted(offered, key=lambda card: (card.order, card.title))


def _writable() -> list[RecordType]:
    return [item for item in active_types() if access.may(current.actor, CHANGE, item.key)]


def _abilities() -> list[dict[str, str]]:
    """The lists one may write in, then whatever else the menu offers."""
    lists = [_ability(item) for item in _writable()]
    known = {url_for("staff.today"), *(ability["url"] for ability in lists)}
    others = [{"title": entry.label, "url": entry.url} for entry in menu(current) if entry.url not in known]
    more = [{"title": title, "url": url, "text": text} for title, url, text in ways()]
    return [*lists, *others, *more]


def _ability(item: RecordType) -> dict[str, str]:
    title = pick(item.label_plural, current.lang)
    create = url_for("records.new", type_=item.key) if access.may(current.actor, CREATE, item.key) else ""
    url, text = url_for("records.index", type_=item.key), _("Guarda, correggi e pubblica.")
    return {"title": title, "url": url, "text": text, "create": create}
