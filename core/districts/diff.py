"""What applying a model would change in a district, in lines that people read."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy.orm import Session

from core.access.rolerows import facts_of_spec, grants_of
from core.access.rolespecs import GrantSpec, role_specs
from core.districts import queries
from core.districts.bundle import Bundle
from core.districts.catalogue import Lenient
from core.districts.loading import from_content
from core.districts.overrides import effective, load_overrides
from core.districts.parameters import DatedValue, Parameter, read_value, show_value
from core.i18n import LANGUAGES, Texts, _, pick

Line = tuple[str, str]


@dataclass(frozen=True, slots=True)
class Change:
    """One thing that appears (``old`` is ``None``), disappears (``new`` is ``None``) or changes."""

    subject: str
    old: str | None
    new: str | None

    def __str__(self) -> str:
        if self.old is None:
            return _with_value(_("Si aggiunge: %(subject)s", subject=self.subject), self.new)
        if self.new is None:
            return _with_value(_("Si toglie: %(subject)s", subject=self.subject), self.old)
        return str(
            _("Cambia: %(subject)s: %(old)s → %(new)s", subject=self.subject, old=self.old or "-", new=self.new or "-")
        )


def _with_value(text: str, value: str | None) -> str:
    return f"{text}: {value}" if value else text


def current(session: Session) -> Bundle | None:
    """The bundle the session's district runs on, without the console's changes."""
    row = queries.in_force(session)
    return from_content(row.content, Lenient()) if row else None


def preview(session: Session, bundle: Bundle) -> tuple[Change, ...]:
    """What applying the bundle would change in the session's district; what the console set stays, so it is no change.

    Writes nothing.
    """
    overrides, before = load_overrides(session), current(session)
    old = describe(effective(before, overrides)) if before else {}
    return compare(old, describe(effective(bundle, overrides)))


def compare(old: Mapping[str, str], new: Mapping[str, str]) -> tuple[Change, ...]:
    """The differences of two descriptions, in the order of the new one; what disappears comes last."""
    changed = [Change(subject, old.get(subject), text) for subject, text in new.items() if old.get(subject) != text]
    gone = [Change(subject, text, None) for subject, text in old.items() if subject not in new]
    return (*changed, *gone)


def describe(bundle: Bundle) -> dict[str, str]:
    """All that a bundle says, as subject and value."""
    lines: dict[str, str] = {}
    for subject, value in (line for section in SECTIONS for line in section(bundle)):
        lines[subject] = f"{lines[subject]} + {value}" if subject in lines else value
    return lines


def _texts(texts: Texts) -> str:
    # In a fixed order of languages: PostgreSQL gives the keys of an object back in an order of its own.
    return " / ".join(texts[lang] for lang in LANGUAGES if texts.get(lang))


def _identity(bundle: Bundle) -> Iterator[Line]:
    yield _("modello"), " + ".join((bundle.key, *bundle.addons))
    yield _("nome del distretto"), _texts(bundle.name)
    yield _("nome del servizio"), _texts(bundle.service)
    yield _("frase di apertura"), _texts(bundle.claim)
    yield _("lingue"), ", ".join(bundle.languages)
    yield _("fonte"), bundle.source


def _contacts(bundle: Bundle) -> Iterator[Line]:
    if bundle.contacts is None:
        return
    yield _("indirizzo"), bundle.contacts.address
    yield _("telefono"), bundle.contacts.phone
    yield _("e-mail"), bundle.contacts.email
    yield _("orari"), "; ".join(f"{', '.join(h.days)} {h.start}-{h.end}" for h in bundle.contacts.hours)


def _plugins(bundle: Bundle) -> Iterator[Line]:
    for name, spec in sorted(bundle.plugins.items()):
        yield _("plugin %(name)s", name=name), _("acceso")
        for key, value in sorted(spec.settings.items()):
            yield _("impostazione %(name)s", name=f"{name}.{key}"), _plain(value)


def _plain(value: Any) -> str:
    if isinstance(value, bool):
        return str(_("sì") if value else _("no"))
    if isinstance(value, dict):
        return ", ".join(f"{key}={_plain(item)}" for key, item in sorted(value.items()))
    return ", ".join(map(str, value)) if isinstance(value, list) else str(value)


def _status(status: str) -> str:
    return str(_("confermato") if status == "confirmed" else _("da confermare"))


def _subareas(bundle: Bundle) -> Iterator[Line]:
    for spec in bundle.subareas:
        yield _("area %(key)s", key=spec.key), f"{_texts(spec.name)}, {_status(spec.status)}"


def _municipalities(bundle: Bundle) -> Iterator[Line]:
    names = {spec.key: pick(spec.name, "it") for spec in bundle.subareas}
    for spec in bundle.municipalities:
        facts = [
            names.get(spec.subarea, ""),
            _("capofila") if spec.lead else "",
            _("non partecipa a: %(names)s", names=", ".join(spec.opted_out)) if spec.opted_out else "",
            _texts(spec.note),
        ]
        yield _("Comune %(istat)s", istat=spec.istat), "; ".join(filter(None, (spec.name, *facts)))


def _organisations(bundle: Bundle) -> Iterator[Line]:
    for spec in bundle.organisations:
        facts = (spec.name, spec.kind, ", ".join(spec.roles), _status(spec.status), _texts(spec.note))
        yield _("ente %(key)s", key=spec.key), "; ".join(filter(None, facts))


def _facts(bundle: Bundle) -> Iterator[Line]:
    for number, spec in enumerate(bundle.facts, start=1):
        yield _("dato %(number)s", number=number), f"{_texts(spec.value)}: {_texts(spec.text)}"


def _parameters(bundle: Bundle) -> Iterator[Line]:
    for spec in bundle.parameters:
        parameter = spec.parameter
        facts = (
            _texts(parameter.label),
            parameter.type,
            parameter.unit,
            parameter.owner,
            parameter.requirement,
            _("anche per area o Comune") if parameter.local else "",
            ", ".join(parameter.options),
        )
        yield _("parametro %(key)s", key=parameter.key), "; ".join(filter(None, facts))
        for value in parameter.values:
            yield _value_subject(parameter, value), value_text(parameter, value)


def _value_subject(parameter: Parameter, value: DatedValue) -> str:
    key = f"{parameter.key} [{value.place}]" if value.place else parameter.key
    return str(_("valore di %(key)s dal %(day)s", key=key, day=value.valid_from.strftime("%d/%m/%Y")))


def value_text(parameter: Parameter, value: DatedValue) -> str:
    """A value with its unit, the day on which it ends and its source."""
    shown = show_value(parameter.type, read_value(parameter.type, value.value), parameter.unit)
    end = _("fino al %(day)s escluso", day=value.valid_to.strftime("%d/%m/%Y")) if value.valid_to else ""
    return ", ".join(filter(None, (shown, end, value.source)))


def _vocabularies(bundle: Bundle) -> Iterator[Line]:
    for spec in bundle.vocabularies:
        yield _("vocabolario %(key)s", key=spec.key), _texts(spec.label)
        for term in spec.terms:
            facts = (
                _texts(term.label),
                ", ".join(term.aliases),
                _("sotto %(key)s", key=term.parent) if term.parent else "",
            )
            yield _("termine %(key)s", key=f"{spec.key}.{term.key}"), "; ".join(filter(None, facts))


def _synonyms(bundle: Bundle) -> Iterator[Line]:
    for words in bundle.synonyms:
        yield _("sinonimi %(words)s", words=" = ".join(words)), ""


def _processings(bundle: Bundle) -> Iterator[Line]:
    for spec in bundle.processings:
        facts = (
            _texts(spec.purpose),
            _("titolare: %(name)s", name=spec.controller),
            _("responsabile: %(name)s", name=spec.processor) if spec.processor else "",
            spec.dpo_contact,
            _("ente %(key)s", key=spec.organisation) if spec.organisation else "",
            _("Comune %(istat)s", istat=spec.municipality) if spec.municipality else "",
            f"{spec.basis} ({', '.join(spec.articles)})",
            _texts(spec.kept),
            _("dal %(day)s", day=spec.valid_from.strftime("%d/%m/%Y")),
            _("fino al %(day)s escluso", day=spec.valid_to.strftime("%d/%m/%Y")) if spec.valid_to else "",
            _status(spec.status),
            spec.source,
        )
        yield _("trattamento %(key)s", key=spec.key), "; ".join(filter(None, facts))


def _functions(bundle: Bundle) -> Iterator[Line]:
    places = {"case": _("una persona sola per caso"), "municipality": _("una persona sola per Comune")}
    for spec in bundle.functions:
        facts = (_texts(spec.label), str(places.get(spec.unique, "")))
        yield _("funzione %(key)s", key=spec.key), "; ".join(filter(None, facts))


def _roles(bundle: Bundle) -> Iterator[Line]:
    for role in bundle.roles:
        facts = (
            _texts(role.label),
            _("anche chi visita senza accesso") if role.visitor else "",
            _("funzioni: %(names)s", names=", ".join(role.functions)) if role.functions else "",
            _("con secondo fattore") if role.two_factor else "",
        )
        yield _("ruolo %(key)s", key=role.key), "; ".join(filter(None, facts))
        # As the district stores them: one line for each set of rows, whatever the order of the file.
        for grant in grants_of(facts_of_spec(role_specs([role.table()])[0])):
            yield _grant(role.key, grant)


def _grant(role: str, grant: GrantSpec) -> Line:
    subject = _(
        "permessi di %(role)s su %(resource)s (%(scope)s, %(states)s)",
        role=role,
        resource=grant.resource,
        scope=grant.scope,
        states=", ".join(grant.states) or _("ogni stato"),
    )
    groups = ", ".join(f"{name}={right}" for name, right in sorted(grant.field_groups.items()))
    return str(subject), "; ".join(filter(None, (", ".join(grant.actions), groups)))


SECTIONS = (
    _identity,
    _contacts,
    _plugins,
    _subareas,
    _municipalities,
    _organisations,
    _facts,
    _parameters,
    _vocabularies,
    _synonyms,
    _processings,
    _functions,
    _roles,
)
