"""A model and its add-ons as one bundle; two that set one key are refused."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import reduce
from typing import Any, TypeVar

from core.districts.bundle import Bundle, PluginSpec, VocabularySpec
from core.districts.reader import Where
from core.i18n import _

T = TypeVar("T")
#: What only one bundle may say: normally the model.
IDENTITY = ("slug", "name", "service", "claim", "languages", "contacts")


def merged(bundles: Sequence[Bundle]) -> Bundle:
    """The bundles as one, in listed order. Raises ConfigError naming the second file that sets a key."""
    whole = reduce(_merge, bundles)
    for vocabulary in whole.vocabularies:
        if not vocabulary.label:
            vocabulary.where.fail(_("manca il nome del vocabolario"), _('Aggiungi label = { it = "…" }.'))
    return whole


def _merge(model: Bundle, addon: Bundle) -> Bundle:
    return replace(
        model,
        **{name: _one(name, model, addon) for name in IDENTITY},
        source="; ".join(filter(None, (model.source, addon.source))),
        plugins=_plugins(model, addon),
        subareas=_all(model.subareas, addon.subareas, lambda s: s.key),
        municipalities=_all(model.municipalities, addon.municipalities, lambda m: m.istat),
        organisations=_all(model.organisations, addon.organisations, lambda o: o.key),
        facts=model.facts + addon.facts,
        parameters=_all(model.parameters, addon.parameters, lambda p: p.parameter.key),
        vocabularies=_vocabularies(model, addon),
        synonyms=model.synonyms + addon.synonyms,
        functions=_all(model.functions, addon.functions, lambda f: f.key),
        processings=_all(model.processings, addon.processings, lambda p: p.key),
        roles=_all(model.roles, addon.roles, lambda r: r.key),
        parts=model.parts + addon.parts,
    )


def _twice(where: Where, first: Where | str) -> None:
    file = first if isinstance(first, str) else first.file
    remedy = _("Due modelli non possono impostare la stessa chiave: togline una.")
    where.fail(_("lo dice già %(file)s", file=file), remedy)


def _one(name: str, model: Bundle, addon: Bundle) -> Any:
    ours, theirs = getattr(model, name), getattr(addon, name)
    if ours and theirs:
        _twice(Where(addon.where.file, name), model.where)
    return ours or theirs


def _all(ours: tuple[T, ...], theirs: tuple[T, ...], key: Callable[[Any], str]) -> tuple[T, ...]:
    taken = {key(item): item for item in ours}
    for item in theirs:
        if key(item) in taken:
            _twice(item.where, taken[key(item)].where)  # type: ignore[attr-defined]  # every spec has its place
    return ours + theirs


def _plugins(model: Bundle, addon: Bundle) -> dict[str, PluginSpec]:
    plugins = dict(model.plugins)
    for name, spec in addon.plugins.items():
        plugins[name] = _plugin(plugins[name], spec) if name in plugins else spec
    return plugins


def _plugin(ours: PluginSpec, theirs: PluginSpec) -> PluginSpec:
    for key in theirs.settings:
        if key in ours.settings:
            _twice(Where(theirs.where.file, f"{theirs.where.key}.{key}"), ours.files[key])
    return replace(ours, settings={**ours.settings, **theirs.settings}, files={**ours.files, **theirs.files})


def _vocabularies(model: Bundle, addon: Bundle) -> tuple[VocabularySpec, ...]:
    whole = {vocabulary.key: vocabulary for vocabulary in model.vocabularies}
    for theirs in addon.vocabularies:
        ours = whole.get(theirs.key)
        if ours and ours.label and theirs.label:
            _twice(Where(theirs.where.file, f"{theirs.key}.label"), ours.where)
        whole[theirs.key] = _vocabulary(ours, theirs) if ours else theirs
    return tuple(whole.values())


def _vocabulary(ours: VocabularySpec, theirs: VocabularySpec) -> VocabularySpec:
    terms = _all(ours.terms, theirs.terms, lambda t: t.key)
    return replace(ours, label=ours.label or theirs.label, terms=terms)
