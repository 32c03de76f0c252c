"""Checks of a whole bundle: what refers to something else must find it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING

from core.access.declared import problem_of
from core.access.rolespecs import role_specs
from core.districts.catalogue import Lenient, PluginCatalogue
from core.districts.parameters import first_overlap
from core.errors import ConfigError
from core.i18n import _

if TYPE_CHECKING:
    from core.districts.bundle import Bundle, VocabularySpec

#: Three digits of the province (from 001) and three of the municipality (from 001).
ISTAT = re.compile(r"(?!000)[0-2]\d\d(?!000)\d{3}")
TIME = re.compile(r"([01]\d|2[0-3]):[0-5]\d")


def is_istat(code: str) -> bool:
    """Whether the text has the form of a municipality's ISTAT code."""
    return ISTAT.fullmatch(code) is not None


def hours_problem(days: Sequence[str], start: str, end: str) -> str:
    """Why opening hours make no sense, or ``""``."""
    if not days:
        return str(_("mancano i giorni"))
    if not TIME.fullmatch(start) or not TIME.fullmatch(end):
        return str(_("l'ora non è valida"))
    return "" if start < end else str(_("la chiusura viene prima dell'apertura"))


def check(bundle: Bundle, catalogue: PluginCatalogue) -> None:
    """Raise ConfigError for the first reference that leads nowhere, and for what contradicts itself."""
    _check_plugins(bundle, catalogue)
    _check_municipalities(bundle, catalogue)
    _check_parameters(bundle, catalogue)
    for vocabulary in bundle.vocabularies:
        _check_vocabulary(vocabulary)
    _check_processings(bundle)
    _check_roles(bundle)
    if not isinstance(catalogue, Lenient):
        _check_grants(bundle)


def _check_plugins(bundle: Bundle, catalogue: PluginCatalogue) -> None:
    for spec in bundle.plugins.values():
        for needed in catalogue.requires(spec.name):
            if needed not in bundle.plugins:
                spec.where.fail(
                    _("ha bisogno del plugin «%(needed)s», che il modello non accende", needed=needed),
                    _("Aggiungi [plugins.%(needed)s].", needed=needed),
                )
        if cycle := find_cycle(spec.name, {name: catalogue.requires(name) for name in catalogue.names}):
            spec.where.fail(
                _("i plugin si richiedono in cerchio: %(names)s", names=" → ".join(cycle)),
                _("Correggi requires nei plugin."),
            )


def _check_municipalities(bundle: Bundle, catalogue: PluginCatalogue) -> None:
    subareas = [subarea.key for subarea in bundle.subareas]
    for municipality in bundle.municipalities:
        if municipality.subarea and municipality.subarea not in subareas:
            municipality.where.fail(
                _("l'area «%(key)s» non c'è", key=municipality.subarea),
                _("Aree: %(names)s.", names=", ".join(subareas) or _("nessuna")),
            )
        for plugin in municipality.opted_out:
            if plugin not in catalogue.names:
                municipality.where.fail(
                    _("non partecipa al plugin «%(name)s», che non è installato", name=plugin),
                    _("Correggi opted_out."),
                )


def _check_parameters(bundle: Bundle, catalogue: PluginCatalogue) -> None:
    places = {"subarea": {s.key for s in bundle.subareas}, "municipality": {m.istat for m in bundle.municipalities}}
    for spec in bundle.parameters:
        parameter = spec.parameter
        if parameter.owner != "core" and parameter.owner not in catalogue.names:
            spec.where.fail(
                _("appartiene al plugin «%(name)s», che non è installato", name=parameter.owner),
                _("Correggi owner."),
            )
        if parameter.type == "choice" and not parameter.options:
            spec.where.fail(_("mancano i valori tra cui scegliere"), _('Aggiungi options = ["…"].'))
        if clash := first_overlap(parameter.values):
            spec.where.fail(
                _("due valori valgono nello stesso giorno, il %(day)s", day=clash[1].valid_from.isoformat()),
                _("Chiudi il primo con valid_to."),
            )
        for value in parameter.values:
            if value.place and value.place not in places[value.layer]:
                spec.where.fail(
                    _("il luogo «%(place)s» non è nel distretto", place=value.place),
                    _("Correggi subarea o municipality."),
                )


def _check_processings(bundle: Bundle) -> None:
    bodies, places = {o.key for o in bundle.organisations}, {m.istat for m in bundle.municipalities}
    for spec in bundle.processings:
        if spec.organisation and spec.organisation not in bodies:
            spec.where.fail(
                _("l'ente «%(key)s» non c'è", key=spec.organisation),
                _("Enti: %(names)s.", names=", ".join(sorted(bodies)) or _("nessuno")),
            )
        if spec.municipality and spec.municipality not in places:
            spec.where.fail(
                _("il luogo «%(place)s» non è nel distretto", place=spec.municipality), _("Correggi municipality.")
            )


def _check_vocabulary(vocabulary: VocabularySpec) -> None:
    parents = {term.key: [term.parent] if term.parent else [] for term in vocabulary.terms}
    for term in vocabulary.terms:
        if term.parent and term.parent not in parents:
            term.where.fail(_("il termine «%(key)s» non c'è", key=term.parent), _("Correggi parent."))
        if cycle := find_cycle(term.key, parents):
            term.where.fail(
                _("i termini stanno uno sotto l'altro in cerchio: %(names)s", names=" → ".join(cycle)),
                _("Togli uno dei parent."),
            )


def _check_roles(bundle: Bundle) -> None:
    visitors = [role for role in bundle.roles if role.visitor]
    if len(visitors) > 1:
        visitors[1].where.fail(
            _("c'è già un ruolo per chi visita senza accesso"), _("Lascia visitor = true a uno solo.")
        )


def _check_grants(bundle: Bundle) -> None:
    """A grant names what core and plugins declare; bundles of the past are not judged."""
    for role in role_specs([role.table() for role in bundle.roles]):
        for number, grant in enumerate(role.grants, start=1):
            problem = problem_of(grant)
            if problem:
                place = next(spec.where for spec in bundle.roles if spec.key == role.key)
                raise ConfigError(
                    place.file, f"roles.{role.key}.grants.{number}.{problem.key}", problem.text, problem.remedy
                )


def find_cycle(start: str, edges: Mapping[str, Iterable[str]]) -> list[str]:
    """A way from ``start`` back to itself, or an empty list."""
    ways = [[start, following] for following in edges.get(start, ())]
    seen: set[str] = set()
    while ways:
        way = ways.pop()
        if way[-1] == start:
            return way
        if way[-1] not in seen:
            seen.add(way[-1])
            ways.extend([*way, following] for following in edges.get(way[-1], ()))
    return []
