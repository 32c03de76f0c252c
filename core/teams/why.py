"""Why somebody sees a row, from general to near: the role, the relation to the row, what decides, what is seen."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal
from uuid import UUID

import sqlalchemy as sa
from babel import dates
from sqlalchemy.orm import Session

from core import access, clock
from core.access import Actor, FieldRight, Grant
from core.access.actor import GUARDED_GROUPS, PLAIN
from core.access.explanation import Verdict
from core.access.functions import functions_of
from core.access.layer import grant_right
from core.access.models import Account
from core.access.queries import load_actor
from core.districts.models import Organisation
from core.errors import Refused
from core.i18n import DEFAULT, _, _l, pick
from core.teams.models import EMERGENCY, HOLDER, SUBSTITUTE, TeamPlace
from core.teams.queries import names, team_of, who_can
from core.teams.registry import TeamEntity, entry_for, gates
from core.teams.settings import here

Kind = Literal["yes", "half", "no"]

#: What each group of fields holds, in words.
GROUPS: Mapping[str, Any] = {
    PLAIN: _l("Dati ordinari"),
    "personal": _l("Dati personali"),
    "special": _l("Salute e altri dati particolari"),
    "penal": _l("Misure e condanne penali"),
}
YES, NO, HIDDEN, DOTS = _l("sì"), _l("no"), _l("nascosti, con motivo"), _l("no, solo puntini")


@dataclass(frozen=True, slots=True)
class Part:
    """What is seen of one group of fields: words for reading and writing, and the role that gives it."""

    group: str
    label: str
    reads: str
    writes: str
    rule: str


@dataclass(frozen=True, slots=True)
class Access:
    """Somebody who may do the action with the row, and the nearest reason."""

    account_id: UUID
    name: str
    because: str
    roles: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Why:
    """Whether an account may open a row; ``chain`` goes from general to near (yes, half or no; sentence)."""

    account_id: UUID
    name: str
    allowed: bool
    sentence: str
    chain: tuple[tuple[Kind, str], ...]
    parts: tuple[Part, ...] = ()


@dataclass(frozen=True, slots=True)
class _Case:
    """What the sentences about one row and one account are made of."""

    session: Session
    obj: Any
    entry: TeamEntity
    lang: str
    team: tuple[TeamPlace, ...]
    words: Mapping[str, Any] = field(repr=False)

    @classmethod
    def of(cls, session: Session, obj: Any, lang: str) -> _Case:
        team = tuple(team_of(session, obj))
        return cls(session, obj, entry_for(obj), lang, team, functions_of(session))

    def function(self, key: str) -> str:
        return pick(self.words[key].label, self.lang) if key in self.words else key

    def day(self, moment: datetime) -> str:
        return dates.format_date(moment.astimezone(clock.ROME).date(), "d MMMM y", locale=self.lang)

    def moment(self, moment: datetime) -> str:
        pattern = "d MMMM y 'alle' H.mm" if self.lang == DEFAULT else "d MMMM y, H:mm"
        return dates.format_datetime(moment.astimezone(clock.ROME), pattern, locale=self.lang)

    def body(self, organisation_id: UUID | None) -> str:
        found = self.session.scalar(sa.select(Organisation.name).where(Organisation.id == organisation_id))
        return found or _("un ente che non c'è più")


def why(session: Session, account: Account, obj: Any, *, lang: str = DEFAULT) -> Why:
    """Whether ``account`` may open the row, and the chain of reasons; roles that demand two factors count as passed."""
    case = _Case.of(session, obj, lang)
    actor = load_actor(session, account.id, two_factor=True)
    verdicts = access.explain(actor, "read", obj, lang=lang).verdicts
    deciding = _nearest([v for v in verdicts if v.holds])
    allowed = deciding is not None
    chain = [
        *_roles(case, actor, verdicts),
        *_relations(case, actor, verdicts, deciding),
        *_basis(case, actor, deciding),
    ]
    sentence = _("Sì, può aprire la scheda.") if allowed else _("No, non può aprire la scheda.")
    parts = tuple(_parts(case, actor)) if allowed else ()
    return Why(account.id, account.name, allowed, sentence, tuple(chain), parts)


def who_may(session: Session, obj: Any, action: str = "read", *, lang: str = DEFAULT) -> list[Access]:
    """Everybody who may do ``action`` with the row now, with the nearest reason; by name."""
    case = _Case.of(session, obj, lang)
    found = []
    for account, actor in who_can(session, action, obj):
        holding = [v for v in access.explain(actor, action, obj, lang=lang).verdicts if v.holds]
        deciding = _nearest(holding)
        if deciding is not None:
            roles = tuple(sorted({_role(v.grant, lang) for v in holding}))
            found.append(Access(account.id, account.name, _because(case, actor, deciding), roles))
    return found


# --- the chain -------------------------------------------------------------------------------------------------------

#: From the nearest to the most general: the nearest that holds decides. An emergency only where nothing else does.
NEARNESS = ("own", "team", "municipality", "organisation", "all", EMERGENCY)


def _nearest(verdicts: Iterable[Verdict]) -> Verdict | None:
    return min(verdicts, key=lambda v: _distance(v.grant), default=None)


def _distance(grant: Grant) -> tuple[int, str]:
    scope = grant.scope
    return (NEARNESS.index(scope) if scope in NEARNESS else len(NEARNESS)), grant.role


def _roles(case: _Case, actor: Actor, verdicts: Iterable[Verdict]) -> list[tuple[Kind, str]]:
    held = {(v.grant.role, v.grant.organisation_id, v.grant.municipality): v.grant for v in verdicts}
    if not held:
        return [("no", _("Nessun ruolo di %(name)s permette di leggere queste schede.", name=actor.name))]
    return [("yes", _held(case, grant)) for grant in held.values()]


def _held(case: _Case, grant: Grant) -> str:
    role, place = _role(grant, case.lang), _place(case, grant)
    if grant.held_from is None:
        return _("Ha il ruolo «%(role)s»%(place)s.", role=role, place=place)
    since = case.day(grant.held_from)
    return _("Ha il ruolo «%(role)s»%(place)s dal giorno %(day)s.", role=role, place=place, day=since)


def _place(case: _Case, grant: Grant) -> str:
    if grant.organisation_id is not None:
        return ", " + _("per conto di %(body)s,", body=case.body(grant.organisation_id))
    if grant.municipality:
        return ", " + _("per il Comune di %(name)s,", name=_municipality(case, grant.municipality))
    return ""


def _municipality(case: _Case, istat: str) -> str:
    district = here(case.session)
    found = district.municipalities.get(istat) if district else None
    return found.name if found else istat


def _relations(
    case: _Case, actor: Actor, verdicts: Iterable[Verdict], deciding: Verdict | None
) -> list[tuple[Kind, str]]:
    """The relation of each scope that a role names: what holds, then what does not; the deciding one is marked."""
    lines: dict[str, tuple[Kind, str]] = {}
    far_first = sorted(verdicts, key=lambda v: _distance(v.grant), reverse=True)
    for verdict in (v for v in far_first if not v.holds):
        text = _missing(case, verdict)
        lines.setdefault(text, ("half" if deciding else "no", text))
    for verdict in (v for v in far_first if v.holds):
        text = _because(case, actor, verdict)
        told = _("%(reason)s È la regola che decide.", reason=text) if verdict is deciding else text
        lines[text] = ("yes", told)
    return list(lines.values())


def _because(case: _Case, actor: Actor, verdict: Verdict) -> str:
    """Why the grant reaches the row, in a sentence."""
    made = _BECAUSE.get(verdict.grant.scope)
    if made is not None:
        return made(case, actor, verdict.grant)
    return _("La scheda è tra quelle del suo ruolo «%(role)s».", role=_role(verdict.grant, case.lang))


def _by_team(case: _Case, actor: Actor, grant: Grant) -> str:
    mine = [p for p in case.team if p.account_id == actor.account_id and p.function in grant.functions]
    holder = next((p for p in mine if p.kind == HOLDER), None)
    if holder is not None:
        return _(
            "È nella squadra dal giorno %(day)s: %(function)s.",
            day=case.day(holder.valid_from),
            function=case.function(holder.function),
        )
    stand_in = next((p for p in mine if p.kind == SUBSTITUTE), None)
    if stand_in is None or stand_in.valid_to is None:
        return _("È nella squadra.")
    absent = next((p.account_id for p in case.team if p.id == stand_in.stands_for), None)
    return _(
        "Fino al giorno %(day)s sostituisce %(name)s: %(function)s.",
        day=case.moment(stand_in.valid_to),
        name=names(case.session, {absent}).get(absent, "") if absent else _("una persona assente"),
        function=case.function(stand_in.function),
    )


def _by_emergency(case: _Case, actor: Actor, _grant: Grant) -> str:
    place = next((p for p in case.team if p.account_id == actor.account_id and p.kind == EMERGENCY), None)
    if place is None or place.valid_to is None:
        return _("Ha aperto la scheda in emergenza.")
    return _(
        "Ha aperto la scheda in emergenza il giorno %(start)s; l'accesso finisce il giorno %(end)s.",
        start=case.moment(place.valid_from),
        end=case.moment(place.valid_to),
    )


def _by_municipality(case: _Case, _actor: Actor, grant: Grant) -> str:
    return _("La persona è del Comune di %(name)s, il suo.", name=_municipality(case, grant.municipality))


def _by_organisation(case: _Case, _actor: Actor, grant: Grant) -> str:
    return _("La scheda è affidata a %(body)s, il suo ente.", body=case.body(grant.organisation_id))


def _by_role(case: _Case, _actor: Actor, grant: Grant) -> str:
    return _("Il ruolo «%(role)s» vale per tutte le schede del territorio.", role=_role(grant, case.lang))


def _by_ownership(_case: _Case, _actor: Actor, _grant: Grant) -> str:
    return _("È il suo percorso, o una scheda sua.")


_BECAUSE: Mapping[str, Callable[[_Case, Actor, Grant], str]] = {
    "team": _by_team,
    EMERGENCY: _by_emergency,
    "municipality": _by_municipality,
    "organisation": _by_organisation,
    "all": _by_role,
    "own": _by_ownership,
}
_MISSING: Mapping[str, Any] = {
    "team": _l("Non è nella squadra con un compito del suo ruolo."),
    EMERGENCY: _l("Non ha un accesso d'emergenza aperto."),
    "municipality": _l("La persona non è del suo Comune."),
    "organisation": _l("La scheda non è affidata al suo ente."),
    "own": _l("Non è il suo percorso, né una scheda sua."),
}


def _missing(case: _Case, verdict: Verdict) -> str:
    """What the grant lacks to reach the row."""
    if verdict.in_scope:
        role = _role(verdict.grant, case.lang)
        return _("Il ruolo «%(role)s» vale solo quando la scheda è in un altro stato.", role=role)
    return str(_MISSING.get(verdict.grant.scope) or _("La scheda non è tra quelle del suo ruolo."))


def _basis(case: _Case, actor: Actor, deciding: Verdict | None) -> list[tuple[Kind, str]]:
    """On what basis the body of the account may know of the person, where something was registered to tell it."""
    if deciding is None:
        return []
    mine = [p.organisation_id for p in case.team if p.account_id == actor.account_id and p.organisation_id]
    body = deciding.grant.organisation_id or next(iter(mine), None)
    if body is None:
        return []
    return [line for gate in gates() if (line := _asked(case, gate, body))[1]]


def _asked(case: _Case, gate: Callable[[Session, UUID, UUID], str], body: UUID) -> tuple[Kind, str]:
    try:
        return "yes", gate(case.session, case.entry.subject(case.obj), body)
    except Refused as error:
        return "no", error.message


# --- what is seen inside ---------------------------------------------------------------------------------------------


def _parts(case: _Case, actor: Actor) -> Iterable[Part]:
    rights = access.fields(actor, case.obj)
    speaking = [
        v.grant for action in ("read", "change") for v in access.explain(actor, action, case.obj).verdicts if v.holds
    ]
    for group, right in rights.items():
        roles = {_role(g, case.lang) for g in speaking if grant_right(g, group) == right != "none"}
        reads, writes = str(_reads(group, right)), str(YES if right == "write" else NO)
        yield Part(group, str(GROUPS.get(group, group)), reads, writes, ", ".join(sorted(roles)))


def _reads(group: str, right: FieldRight) -> Any:
    if right in {"none", "mask"}:
        return NO if right == "none" else DOTS
    return HIDDEN if group in GUARDED_GROUPS else YES


def _role(grant: Grant, lang: str) -> str:
    return pick(grant.role_label, lang) or grant.role
