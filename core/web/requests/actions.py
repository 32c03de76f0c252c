"""The steps that a request offers now, each with its questions."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from core.i18n import _
from core.privacy.requests import terms
from core.privacy.requests.models import SubjectRequest


@dataclass(frozen=True, slots=True)
class Action:
    """A step: what the button says, what it brings about, its questions. ``first``: the next one to take."""

    step: str
    title: str
    text: str = ""
    fields: Sequence[dict[str, Any]] = ()
    first: bool = False


def actions_of(
    request: SubjectRequest,
    *,
    people: Sequence[tuple[str, str]],
    may_decide: bool,
    restricted: bool,
    errors: Mapping[str, str],
) -> list[Action]:
    """What may be done with the request now, the next step first; ``people`` are those who work requests off."""
    if request.state not in terms.OPEN:
        return [_release()] if restricted else []
    found = [*_before(request), *_work(request, restricted=restricted), *_always(request, people)]
    if may_decide and request.kind in {terms.ACCESS, terms.PORTABILITY}:
        found.append(_names(request))
    first, *others = found
    return [_with_errors(action, errors) for action in (replace(first, first=True), *others)]


def _before(request: SubjectRequest) -> Iterator[Action]:
    """What must be known before anything is given or changed."""
    if not request.identity:
        hows = [(key, str(label), False) for key, label in terms.IDENTITIES.items()]
        how = {"name": "identity", "type": "choice", "label": _("Come l'hai controllata?"), "options": hows}
        text = _("Solo una persona dell'ufficio può dirlo: senza, non si consegna e non si cambia niente.")
        yield Action("identify", _("Ho controllato l'identità"), text, [how])
    if request.subject_id is None:
        hint = _("Per esempio LEG-2026-0142. Lo trovi nella pagina della persona.")
        code = {"name": "code", "type": "text", "label": _("Codice della persona"), "hint": hint, "max_length": 40}
        yield Action("link", _("Collega alla persona"), "", [code])


def _work(request: SubjectRequest, *, restricted: bool) -> Iterator[Action]:
    """What this kind of request asks for."""
    if not request.identity:
        return
    if request.subject_id is not None:
        if request.kind == terms.RECTIFICATION:
            yield Action("task", _("Chiedi la correzione a chi segue la persona"))
        if request.kind == terms.RESTRICTION and not restricted:
            yield Action("restrict", _("Blocca i dati"), _("Si leggono ancora, nessuno li cambia."))
        if request.kind == terms.ERASURE:
            text = _("Non si torna indietro: i dati non si leggono più, neanche nelle copie di sicurezza.")
            yield Action("erase", _("Cancella i dati"), text)
    answer = {"name": "answer", "type": "long_text", "label": _("Che cosa hai risposto"), "max_length": 2000}
    yield Action("answer", _("Ho risposto"), _("La richiesta si chiude."), [answer])
    if restricted:
        yield _release()


def _always(request: SubjectRequest, people: Sequence[tuple[str, str]]) -> Iterator[Action]:
    options = [(key, name, key == str(request.assigned_to)) for key, name in people]
    account = {"name": "account", "type": "choice", "label": _("A chi?"), "options": options}
    yield Action("assign", _("Affida la richiesta"), "", [account])
    if not request.identity:
        yield Action("ask_identity", _("Chiedi una prova dell'identità"), "", [_reason(_("Che cosa hai chiesto?"))])
    if request.extended_on is None:
        text = _("Una volta sola e prima della scadenza. Scrivi il motivo alla persona.")
        yield Action("extend", _("Proroga il termine"), text, [_reason()])
    text = _("Scrivi il motivo alla persona, e che può fare reclamo al Garante.")
    yield Action("refuse", _("Respingi"), text, [_reason()])
    yield Action("withdraw", _("La persona ha ritirato la richiesta"), "", [_reason(_("Come lo ha detto?"))])


def _release() -> Action:
    text = _("I dati si potranno cambiare di nuovo. Prima dillo alla persona.")
    return Action("release", _("Togli il blocco dei dati"), text)


def _names(request: SubjectRequest) -> Action:
    options = [("yes", _("Sì"), request.names_disclosed), ("no", _("No"), not request.names_disclosed)]
    question = {"name": "names", "type": "choice", "label": _("Il fascicolo dice chi ha guardato?"), "options": options}
    text = _("Di solito dice giorno, ente e funzione. I nomi li decide il responsabile della protezione dei dati.")
    return Action("names", _("Decidi sui nomi"), text, [question, _reason()])


def _reason(label: str = "") -> dict[str, Any]:
    return {"name": "reason", "type": "long_text", "label": label or _("Motivo"), "max_length": 2000}


def _with_errors(action: Action, errors: Mapping[str, str]) -> Action:
    """The action with an id for each question, so that several may ask for a reason, and what is wrong with it."""
    fields = [
        {**item, "id": f"{action.step}-{item['name']}", "value": "", "error": errors.get(item["name"], "")}
        for item in action.fields
    ]
    return replace(action, fields=fields)
