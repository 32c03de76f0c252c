"""The page of the board: everybody reads, who may write also posts and removes."""

from __future__ import annotations

from datetime import date
from uuid import UUID

from flask import Blueprint, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from core.toolkit import FieldError, Invalid, _, access, current, public_route
from plugins.example import operations, queries
from plugins.example.permissions import RESOURCE

bp = Blueprint("example", __name__, template_folder="templates")


@public_route(bp, "/bacheca/", methods=["GET"])
def board() -> str:
    """All current notices."""
    return _page({}, ())


@public_route(bp, "/bacheca/", methods=["POST"])
def post() -> Response | tuple[str, int]:
    """Add a notice; what was typed comes back when something is wrong."""
    try:
        operations.post_notice(
            current.session,
            {"it": request.form.get("text", "").replace("\0", "")},
            actor=current.actor,
            last_day=_day(request.form.get("last_day")),
        )
    except Invalid as error:
        return _page(request.form.to_dict(), error.errors), 422
    return redirect(url_for("example.board"))


@public_route(bp, "/bacheca/<uuid:notice_id>/togli", methods=["POST"])
def remove(notice_id: UUID) -> Response:
    """Take a notice off the board."""
    notice = queries.removable(current.session, current.actor, notice_id)
    operations.remove_notice(current.session, notice, actor=current.actor)
    return redirect(url_for("example.board"))


def _day(text: str | None) -> date | None:
    if not text:
        return None
    try:
        return date.fromisoformat(text)
    except ValueError:
        message = _("Scrivi il giorno così: 2026-12-31.")
        raise Invalid([FieldError("last_day", message, "date")]) from None


def _page(typed: dict[str, str], errors: tuple[FieldError, ...]) -> str:
    return render_template(
        "example/board.html",
        posted=queries.notices(current.session, current.actor),
        may_post=access.may(current.actor, "create", RESOURCE),
        may_remove=access.may(current.actor, "remove", RESOURCE),
        typed=typed,
        errors={error.field: error.message for error in errors},
    )
