"""Settings of plugins: plugin defaults, then the district's model, then the console; typed, with visible origin."""

from __future__ import annotations

import types
from collections.abc import Callable, Mapping
from dataclasses import MISSING, Field, dataclass, fields
from datetime import date
from decimal import Decimal, InvalidOperation
from difflib import get_close_matches
from functools import cache
from typing import Any, Literal, Union, get_args, get_origin, get_type_hints

from core.districts.catalogue import AnySettings
from core.districts.parameters import Origin
from core.errors import ConfigError
from core.i18n import _


@dataclass(frozen=True, slots=True)
class SettingField:
    """One setting of a plugin. ``meta`` may hold ``label``, ``help``, ``min``, ``max``, ``choices``, ``max_length``."""

    name: str
    annotation: Any
    default: Any
    meta: Mapping[str, Any]


@cache
def setting_fields(settings_type: type) -> Mapping[str, SettingField]:
    """The settings that a plugin's dataclass declares. Raises ConfigError for one without a default."""
    hints = get_type_hints(settings_type)
    return {
        f.name: SettingField(f.name, hints[f.name], _default(settings_type, f), f.metadata)
        for f in fields(settings_type)
    }


def _default(settings_type: type, item: Field[Any]) -> Any:
    if item.default is not MISSING:
        return item.default
    if item.default_factory is not MISSING:
        return item.default_factory()
    where = f"{settings_type.__module__}.{settings_type.__qualname__}"
    raise ConfigError(where, item.name, "a setting of a plugin needs a default", "Give the field a default value.")


# --- values ----------------------------------------------------------------------------------------------------------


def _read_bool(raw: Any) -> bool:
    if not isinstance(raw, bool):
        raise ValueError(_("serve true oppure false, senza virgolette"))
    return raw


def _read_int(raw: Any) -> int:
    if isinstance(raw, bool) or not isinstance(raw, int):
        raise ValueError(_("serve un numero intero, senza virgolette"))
    return raw


def _read_decimal(raw: Any) -> Decimal:
    if isinstance(raw, bool) or not isinstance(raw, int | Decimal | str):
        raise ValueError(_("serve un numero"))
    try:
        value = Decimal(raw)
    except InvalidOperation:
        raise ValueError(_("serve un numero")) from None
    if not value.is_finite():
        raise ValueError(_("serve un numero finito"))
    return value


def _read_str(raw: Any) -> str:
    if not isinstance(raw, str) or "\x00" in raw:
        raise ValueError(_("serve un testo tra virgolette"))
    return raw


def _read_date(raw: Any) -> date:
    try:
        return date.fromisoformat(str(raw))
    except ValueError:
        raise ValueError(_("serve una data come 2026-01-31")) from None


READERS: Mapping[Any, Callable[[Any], Any]] = {
    bool: _read_bool,
    int: _read_int,
    Decimal: _read_decimal,
    str: _read_str,
    date: _read_date,
}


def _read_typed(annotation: Any, raw: Any) -> Any:
    if annotation in READERS:
        return READERS[annotation](raw)
    reader = GENERIC_READERS.get(get_origin(annotation))
    if reader is None:
        raise ValueError(_("il plugin usa un tipo che non si può impostare"))
    return reader(annotation, raw)


def _read_tuple(annotation: Any, raw: Any) -> tuple[Any, ...]:
    if not isinstance(raw, list | tuple):
        raise ValueError(_("serve un elenco tra parentesi quadre"))
    return tuple(_read_typed(get_args(annotation)[0], item) for item in raw)


def _read_mapping(annotation: Any, raw: Any) -> dict[str, Any]:
    if not isinstance(raw, Mapping) or not all(isinstance(key, str) for key in raw):
        raise ValueError(_("serve una tabella di chiavi e valori"))
    return {key: _read_typed(get_args(annotation)[1], value) for key, value in raw.items()}


def _read_literal(annotation: Any, raw: Any) -> Any:
    choices = get_args(annotation)
    if not any(raw == choice and type(raw) is type(choice) for choice in choices):
        raise ValueError(_("scegli uno di questi valori: %(options)s", options=", ".join(map(str, choices))))
    return raw


def _read_optional(annotation: Any, raw: Any) -> Any:
    if raw is None:
        return None
    inner = next(arg for arg in get_args(annotation) if arg is not types.NoneType)
    return _read_typed(inner, raw)


GENERIC_READERS: Mapping[Any, Callable[[Any, Any], Any]] = {
    tuple: _read_tuple,
    dict: _read_mapping,
    Mapping: _read_mapping,
    Literal: _read_literal,
    types.UnionType: _read_optional,
    Union: _read_optional,
}


def read_setting(field: SettingField, raw: Any) -> Any:
    """The typed value of a setting. Raises ValueError with a sentence in Italian."""
    value = _read_typed(field.annotation, raw)
    for problem in filter(None, (check(field.meta, value) for check in RANGE_CHECKS)):
        raise ValueError(problem)
    return value


def _too_small(meta: Mapping[str, Any], value: Any) -> str:
    if "min" not in meta or value is None or value >= meta["min"]:
        return ""
    return str(_("il valore più basso ammesso è %(limit)s", limit=meta["min"]))


def _too_great(meta: Mapping[str, Any], value: Any) -> str:
    if "max" not in meta or value is None or value <= meta["max"]:
        return ""
    return str(_("il valore più alto ammesso è %(limit)s", limit=meta["max"]))


def _not_a_choice(meta: Mapping[str, Any], value: Any) -> str:
    chosen = value if isinstance(value, tuple) else (value,)
    if "choices" not in meta or all(item in meta["choices"] for item in chosen):
        return ""
    return str(_("scegli uno di questi valori: %(options)s", options=", ".join(map(str, meta["choices"]))))


def _too_long(meta: Mapping[str, Any], value: Any) -> str:
    if "max_length" not in meta or value is None or len(value) <= meta["max_length"]:
        return ""
    return str(_("al massimo %(limit)s caratteri o elementi", limit=meta["max_length"]))


RANGE_CHECKS = (_too_small, _too_great, _not_a_choice, _too_long)


def dump_setting(value: Any) -> Any:
    """The value as it is kept in JSON and written in a bundle."""
    if isinstance(value, tuple | list):
        return [dump_setting(item) for item in value]
    if isinstance(value, Mapping):
        return {key: dump_setting(item) for key, item in value.items()}
    return str(value) if isinstance(value, Decimal | date) else value


def unknown_key_remedy(key: str, known: Mapping[str, Any]) -> str:
    """What to do about a key that does not exist: the nearest one, or all."""
    near = get_close_matches(key, known, n=1)
    if near:
        return str(_("Forse volevi scrivere «%(near)s».", near=near[0]))
    names = ", ".join(sorted(known))
    return str(_("Qui si può scrivere: %(names)s.", names=names) if names else _("Togli questa riga."))


def check_settings(settings_type: type, table: Mapping[str, Any], *, file: str, key: str) -> dict[str, Any]:
    """The settings of a bundle's table, as JSON values. Raises ConfigError for an unknown key or a wrong value."""
    if settings_type is AnySettings:
        return {name: dump_setting(raw) for name, raw in table.items()}
    known = setting_fields(settings_type)
    for name in table:
        if name not in known:
            remedy = unknown_key_remedy(name, known)
            raise ConfigError(file, f"{key}.{name}", _("questa impostazione non esiste"), remedy)
    return {name: _checked(known[name], raw, file, f"{key}.{name}") for name, raw in table.items()}


def _checked(field: SettingField, raw: Any, file: str, key: str) -> Any:
    try:
        return dump_setting(read_setting(field, raw))
    except ValueError as error:
        raise ConfigError(file, key, str(error), _("Correggi il valore.")) from None


# --- resolution ------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class ResolvedSettings:
    """The settings of a plugin in a district: the typed object, where each value comes from, what was ignored."""

    value: Any
    origins: Mapping[str, Origin]
    problems: tuple[str, ...] = ()


def resolve(
    settings_type: type, model: Mapping[str, Any], files: Mapping[str, str], overrides: Mapping[str, Any]
) -> ResolvedSettings:
    """Plugin defaults, then the model, then the console.

    A stored value that the plugin no longer accepts is left out and named in ``problems``: an update of a plugin must
    not take a district down.
    """
    values: dict[str, Any] = {}
    origins: dict[str, Origin] = {name: Origin("plugin") for name in setting_fields(settings_type)}
    problems: list[str] = []
    for layer, table in (("model", model), ("district", overrides)):
        for name, raw in table.items():
            try:
                values[name] = read_setting(setting_fields(settings_type)[name], raw)
                origins[name] = Origin(layer, files.get(name, "") if layer == "model" else "")
            except (KeyError, ValueError) as error:
                problems.append(f"{name}: {error if isinstance(error, ValueError) else _('non esiste più')}")
    try:
        return ResolvedSettings(settings_type(**values), origins, tuple(problems))
    except (TypeError, ValueError) as error:
        # The plugin itself refuses the combination: its defaults are the only values it vouches for.
        defaults = {name: Origin("plugin") for name in origins}
        return ResolvedSettings(settings_type(), defaults, (*problems, str(error)))
