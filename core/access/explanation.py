"""Why somebody may or may not: data that a screen turns into sentences in the reader's language."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal

from core.access.actor import Actor, Grant
from core.i18n import DEFAULT, _l, pick

Reason = Literal["holds", "state", "scope"]

#: Sentences by key. Their gaps are the parts of an explanation.
SENTENCES: Mapping[str, Any] = {
    "system": _l("%(actor)s agisce per conto del sistema: può fare tutto nel suo distretto."),
    "system_elsewhere": _l("%(actor)s agisce per conto del sistema, ma in un altro distretto."),
    "granted": _l("%(actor)s può fare «%(action)s» su «%(resource)s» grazie a questi ruoli: %(roles)s."),
    "narrowed": _l("%(actor)s può fare «%(action)s» su altri elementi di «%(resource)s», ma non su questo."),
    "absent": _l("Nessun ruolo di %(actor)s permette «%(action)s» su «%(resource)s»."),
    "holds": _l("Il ruolo %(role)s lo permette (elementi: %(scope)s)."),
    "state": _l("Il ruolo %(role)s lo permette solo in questi stati: %(states)s."),
    "scope": _l("Il ruolo %(role)s lo permette solo su questi elementi: %(scope)s."),
}

#: How an actor and a row belong together, by the scope that says so: true of the row, and not.
RELATIONS: dict[str, tuple[Any, Any]] = {
    "all": (_l("Il ruolo vale per tutto il distretto."), _l("È di un altro distretto.")),
    "public": (_l("È pubblico."), _l("Non è pubblico.")),
    "own": (_l("È suo."), _l("Non è suo.")),
    "team": (_l("È nella squadra, con una funzione di questo ruolo."), _l("Non è nella squadra.")),
    "emergency": (_l("Ha aperto un accesso di emergenza."), _l("Non ha un accesso di emergenza aperto.")),
    "organisation": (
        _l("È dell'ente per cui ha il ruolo."),
        _l("Non è dell'ente per cui ha il ruolo."),
    ),
    "municipality": (
        _l("È del Comune per cui ha il ruolo."),
        _l("Non è del Comune per cui ha il ruolo."),
    ),
    "installation": (_l("Il ruolo vale per tutto il portale."), _l("Il ruolo non vale qui.")),
}
UNKNOWN_RELATION = (_l("È tra gli elementi che il ruolo raggiunge."), _l("Non è tra gli elementi del ruolo."))


def register_relation(scope: str, true_of_row: Any, not_true: Any) -> None:
    """Say in words what a scope of a plugin's own means, for a row in it and for one outside."""
    RELATIONS[scope] = (true_of_row, not_true)


@dataclass(frozen=True, slots=True)
class Sentence:
    """A sentence by key, with the parts that fill its gaps."""

    key: str
    parts: Mapping[str, str] = field(default_factory=dict)

    def text(self) -> str:
        """The sentence in the language of the request."""
        return str(SENTENCES[self.key]) % self.parts


@dataclass(frozen=True, slots=True)
class Verdict:
    """What one grant says about one row."""

    grant: Grant
    in_scope: bool
    in_state: bool

    @property
    def holds(self) -> bool:
        return self.in_scope and self.in_state

    @property
    def reason(self) -> Reason:
        """``holds``, or what the row lacks: the scope first."""
        if not self.in_scope:
            return "scope"
        return "holds" if self.in_state else "state"

    @property
    def since(self) -> datetime | None:
        """Since when the actor holds the role; ``None`` for the visitor's and the portal's administration."""
        return self.grant.held_from

    @property
    def relation(self) -> str:
        """How the actor and the row belong together, or do not, as a sentence in the language of the request."""
        true_of_row, not_true = RELATIONS.get(self.grant.scope, UNKNOWN_RELATION)
        return str(true_of_row if self.in_scope else not_true)

    def sentence(self, lang: str = DEFAULT) -> Sentence:
        """The verdict as a sentence; the role is named in ``lang``."""
        parts = {
            "role": role_name(self.grant, lang),
            "scope": self.grant.scope,
            "states": ", ".join(self.grant.states),
        }
        return Sentence(self.reason, parts)


@dataclass(frozen=True, slots=True)
class Explanation:
    """Whether an action is allowed, in one sentence, and what each grant that speaks of it contributes."""

    allowed: bool
    sentence: Sentence
    verdicts: tuple[Verdict, ...]

    @property
    def grants(self) -> tuple[Grant, ...]:
        """The grants that decide: those that hold for the row."""
        return tuple(v.grant for v in self.verdicts if v.holds)


def role_name(grant: Grant, lang: str = DEFAULT) -> str:
    """The name of the role that a grant comes from."""
    return pick(grant.role_label, lang) or grant.role


def explanation(
    actor: Actor, action: str, resource: str, verdicts: Iterable[Verdict], *, allowed: bool, lang: str = DEFAULT
) -> Explanation:
    """Put the verdicts of an actor's grants together; roles are named in ``lang``."""
    found = tuple(verdicts)
    roles = sorted({role_name(v.grant, lang) for v in found if v.holds})
    parts = {
        "actor": actor.name,
        "action": action,
        "resource": resource,
        "roles": ", ".join(roles),
    }
    return Explanation(allowed, Sentence(_key(actor, found, allowed), parts), found)


def _key(actor: Actor, verdicts: tuple[Verdict, ...], allowed: bool) -> str:
    if actor.is_system:
        return "system" if allowed else "system_elsewhere"
    if allowed:
        return "granted"
    return "narrowed" if verdicts else "absent"
