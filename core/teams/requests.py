"""Asking for access: whoever cannot open a row asks those who supervise it, by its code."""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session

from core import access, audit, clock
from core.access import Actor
from core.access.models import Account
from core.access.registry import covers
from core.db import uuid7
from core.errors import AccessDenied, Refused
from core.i18n import _
from core.teams import checks, settings
from core.teams.addresses import requests_address
from core.teams.emergency import start_of_day
from core.teams.models import GRANTED, OPEN, REFUSED, UNKNOWN, AccessRequest, TeamPlace
from core.teams.operations import SUPERVISE, assign
from core.teams.queries import who_can
from core.teams.registry import entry_of
from core.teams.rows import TeamRow

ASK = "access.ask"

_ASKED = {
    "it": "%(who)s chiede di vedere %(code)s. Rispondi alla richiesta.",
    "en": "%(who)s asks to see %(code)s. Answer the request.",
}
_GRANTED = {
    "it": "La tua richiesta per %(code)s è stata accolta: ora fai parte della squadra.",
    "en": "Your request for %(code)s was granted: you are in the team now.",
}
_REFUSED = {
    "it": "La tua richiesta per %(code)s non è stata accolta. Guarda il motivo.",
    "en": "Your request for %(code)s was not granted. See why.",
}


def ask_access(session: Session, resource: str, code: str, *, actor: Actor, reason: str) -> AccessRequest:
    """Ask those who supervise the row of that code for a place in its team. Only who works with such rows may ask.

    The answer is the same whether or not the code exists here: what opens nothing reaches nobody and is kept only to
    count. Raises AccessDenied unless ``may_ask``, Invalid for a reason that says too little, Refused after
    ``access.requests_a_day``.
    """
    entry = entry_of(resource)
    if entry is None or not may_ask(actor, resource):
        raise AccessDenied("ask", resource)
    words = checks.reason_text(reason, needed=True)
    _check_day(session, actor)
    request = AccessRequest(id=uuid7(), resource=resource, account_id=actor.account_id, state=UNKNOWN)
    session.add(request)
    obj = entry.find(session, code)
    if obj is None:
        audit.note(session, actor, "act", resource=resource, details={"what": ASK})
        return request
    row = TeamRow(session, entry, obj)
    request.object_id, request.state = obj.id, OPEN
    request.sealed_reason = row.seal(request, "reason", words)
    session.flush()
    row.note(actor, ASK, request=str(request.id))
    for account, _actor in who_can(session, SUPERVISE, obj):
        row.tell(account.id, _ASKED, url=requests_address(session), who=actor.name)
    return request


def may_ask(actor: Actor, resource: str) -> bool:
    """Whether some role of the actor reads rows of others, wherever they are: to nobody else would a place be given."""
    reading = (g.scope for g in actor.grants if g.action == "read" and covers(g.resource, resource))
    return actor.account_id is not None and any(scope not in {"own", "public"} for scope in reading)


def grant_request(
    session: Session,
    request: AccessRequest,
    function: str,
    *,
    actor: Actor,
    valid_to: datetime | None = None,
    answer: str = "",
) -> TeamPlace:
    """Answer yes: the asker gets a place in the team. Raises what ``assign`` raises, Refused when it was answered."""
    row = _waiting(session, request, actor)
    account = session.get_one(Account, request.account_id)
    place = assign(session, row.obj, function, account, actor=actor, valid_to=valid_to, reason=answer)
    _decide(row, request, actor, GRANTED, checks.reason_text(answer, needed=False))
    row.tell(account.id, _GRANTED)
    return place


def refuse_request(session: Session, request: AccessRequest, *, actor: Actor, answer: str) -> None:
    """Answer no, with a reason that the asker reads. Raises Invalid without one, Refused when it was answered."""
    row = _waiting(session, request, actor)
    words = checks.reason_text(answer, needed=True)
    _decide(row, request, actor, REFUSED, words)
    row.tell(request.account_id, _REFUSED, url=requests_address(session))


def request_words(session: Session, request: AccessRequest) -> tuple[str, str]:
    """What was asked and what was answered, in the words written; for the two who wrote them.

    Raises crypto.Unreadable.
    """
    if request.object_id is None:
        return "", ""
    row = TeamRow.behind(session, request.resource, request.object_id)
    asked = row.unseal(request, "reason", request.sealed_reason)
    return asked, row.unseal(request, "answer", request.sealed_answer)


def requests_by(session: Session, actor: Actor) -> list[AccessRequest]:
    """What the actor asked for, newest first; a code that opened nothing stands there as one that waits."""
    mine = sa.select(AccessRequest).where(AccessRequest.account_id == actor.account_id, sa.not_(AccessRequest.urgent))
    return list(session.scalars(mine.order_by(AccessRequest.asked_at.desc(), AccessRequest.id.desc()).limit(20)))


def _check_day(session: Session, actor: Actor) -> None:
    most = settings.figure(session, settings.REQUESTS_A_DAY)
    asked = sa.select(sa.func.count()).where(
        AccessRequest.account_id == actor.account_id,
        sa.not_(AccessRequest.urgent),
        AccessRequest.asked_at >= start_of_day(),
    )
    if (session.scalar(asked) or 0) >= most:
        message = _("Oggi hai già inviato %(count)s richieste. Telefona a chi coordina il servizio.", count=most)
        raise Refused(message, code="used_up")


def _waiting(session: Session, request: AccessRequest, actor: Actor) -> TeamRow:
    row = TeamRow.behind(session, request.resource, request.object_id)
    access.check(actor, SUPERVISE, row.obj)
    row.lock()
    session.refresh(request)
    if request.state != OPEN:
        raise Refused(_("A questa richiesta qualcuno ha già risposto."), code="answered")
    return row


def _decide(row: TeamRow, request: AccessRequest, actor: Actor, state: str, words: str) -> None:
    request.state, request.decided_at, request.decided_by = state, clock.now(), actor.account_id
    request.sealed_answer = row.seal(request, "answer", words)
    row.session.flush()
    row.note(actor, f"access.{state}", request=str(request.id), account=str(request.account_id))
