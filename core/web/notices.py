"""The notices of who is signed in: all of them on a page, the unread ones on the first page of the day."""

from __future__ import annotations

from math import ceil
from typing import Any
from uuid import UUID

from flask import Blueprint, render_template, request, url_for
from werkzeug.utils import redirect
from werkzeug.wrappers import Response

from core import notifications
from core.errors import AccessDenied
from core.i18n import _, pick
from core.notifications.models import Notice
from core.notifications.queries import notice_count
from core.web.context import current
from core.web.dates import format_date
from core.web.paging import beyond, page_number, pager
from core.web.routing import staff_route

bp = Blueprint("notices", __name__)
PAGE_SIZE = 20
#: How many the first page of the day shows.
FIRST = 5


@staff_route(bp, "/oggi/novita", endpoint="index", methods=["GET"])
def index() -> str:
    """All notices, read ones too."""
    account, page = _reader(), page_number()
    pages = ceil(notice_count(current.session, account) / PAGE_SIZE)
    rows = notifications.notices(current.session, account, limit=PAGE_SIZE, offset=(page - 1) * PAGE_SIZE)
    return render_template(
        "staff/notices.html",
        trail=[(_("Oggi"), url_for("staff.today")), (_("Novità"), "")],
        notices_=[shown(row) for row in rows],
        unread=notifications.unread_count(current.session, account),
        mark_url=url_for("notices.read"),
        pager=pager(page, pages),
        past=beyond(page, pages),
    )


@staff_route(bp, "/oggi/novita/lette", endpoint="read", methods=["POST"])
def read() -> Response:
    """Mark the notice of the form as read; all of them where it names none."""
    account, number = _reader(), request.form.get("notice", "")
    if not number:
        notifications.mark_read(current.session, account)
    elif found := _uuid(number):
        notifications.mark_read(current.session, account, found)
    goal = "staff.today" if request.form.get("back") == "today" else "notices.index"
    return redirect(url_for(goal), 303)


def first_notices() -> dict[str, Any]:
    """What the first page of the day shows: the newest unread ones, how many there are, where all of them stand."""
    account = _reader()
    rows = notifications.notices(current.session, account, unread=True, limit=FIRST)
    count = notifications.unread_count(current.session, account) if len(rows) == FIRST else len(rows)
    urls = {"all": url_for("notices.index"), "mark": url_for("notices.read")}
    return {"rows": [shown(row) for row in rows], "count": count, **urls}


def shown(notice: Notice) -> dict[str, Any]:
    """A notice as the templates draw it."""
    return {
        "id": str(notice.id),
        "sentence": pick(notice.sentence, current.lang),
        "lang": "" if current.lang in notice.sentence else "it",
        "url": notice.url,
        "kind": notice.kind,
        "day": format_date(notice.created_at),
        "iso": notice.created_at.isoformat(timespec="seconds"),
        "unread": notice.read_at is None,
    }


def _reader() -> UUID:
    account = current.actor.account_id
    if account is None:
        raise AccessDenied("read", "staff.notices")
    return account


def _uuid(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None
