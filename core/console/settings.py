"""Settings of the plugins: one form each, every value with its origin and its limits."""

from __future__ import annotations

import types
from collections.abc import Callable, Mapping
from datetime import date
from decimal import Decimal
from typing import Any, Literal, Union, get_args, get_origin

from flask import abort, request, url_for
from flask_admin import expose
from werkzeug.wrappers import Response

from core.console.base import Answer, ConsolePage, done
from core.console.base import typed as typed_text
from core.console.pieces import Form, Panel, linked, table
from core.console.plugins import host, known, state_of
from core.console.words import origin_text, plugin_title, value_text
from core.districts import operations
from core.districts.permissions import SETTING
from core.districts.settings import SettingField, read_setting, setting_fields
from core.errors import Invalid
from core.i18n import _, pick
from core.web.context import current
from core.web.outcomes import Outcome
from core.web.questions import Field, choice, field

YES, NO = "si", "no"


class SettingsPage(ConsolePage):
    """Settings of the district's plugins."""

    resource = SETTING

    @expose("/")
    def index(self) -> Answer:
        """The plugins that have settings."""
        names = [n for n in sorted(host().names, key=plugin_title) if setting_fields(host().settings_type(n))]
        lines = [
            [linked(plugin_title(n), url_for(".show", name=n)), state_of(n), changed_here(n) or _("niente")]
            for n in names
        ]
        columns = [_("Funzione"), _("Adesso"), _("Cambiato qui")]
        found = table(columns, lines, _("Le funzioni che si possono regolare"))
        empty = _("Nessuna funzione ha impostazioni.")
        return self.page(_("Impostazioni"), panels=[Panel(_("Funzioni"), "funzioni", table=found, empty=empty)])

    @expose("/<name>/", methods=("GET", "POST"))
    def show(self, name: str) -> Answer:
        """The settings of one plugin as a form."""
        fields = setting_fields(host().settings_type(known(name))) or abort(404)
        if request.method == "GET":
            return self._form(name, {key: to_text(current.here.setting(name, key)) for key in fields}, Outcome())
        if request.form.get("reset"):
            return reset(name, request.form["reset"])
        typed = {key: typed_text(key) for key in fields}
        errors = save(name, typed)
        if errors:
            return self._form(name, typed, Outcome(errors, status=422))
        return done(_("Le impostazioni di «%(name)s» sono salvate.", name=plugin_title(name)), ".show", name=name)

    def _form(self, name: str, typed: Mapping[str, str], outcome: Outcome) -> Answer:
        fields = setting_fields(host().settings_type(name))
        changed = [key for key in fields if current.here.setting_origin(name, key).layer == "district"]
        form = Form(
            [question(name, item, typed[item.name], outcome.errors.get(item.name, "")) for item in fields.values()],
            url_for(".show", name=name),
            _("Salva"),
            cancel=url_for(".index"),
            resets=dict.fromkeys(changed, _("Torna al valore del modello")),
        )
        return self.page(
            _("Impostazioni: %(name)s", name=plugin_title(name)),
            outcome,
            trail=[(_("Impostazioni"), url_for(".index")), (plugin_title(name), "")],
            panels=[Panel(_("Valori"), "valori", form=form)] if self.may_manage else [read_only(name)],
        )


def changed_here(name: str) -> str:
    """The settings of a plugin that the console has changed."""
    fields = setting_fields(host().settings_type(name))
    return ", ".join(label(f) for f in fields.values() if current.here.setting_origin(name, f.name).layer == "district")


def label(item: SettingField) -> str:
    """What a setting is called on screen."""
    text = item.meta.get("label")
    return pick(text, current.lang) if isinstance(text, Mapping) else str(text or item.name.replace("_", " "))


def read_only(name: str) -> Panel:
    """The settings for who may look and not touch."""
    fields = setting_fields(host().settings_type(name)).values()
    facts = [(label(f), value_text(current.here.setting(name, f.name))) for f in fields]
    return Panel(_("Valori"), "valori", facts=facts)


def question(name: str, item: SettingField, typed: str, error: str) -> Field:
    """The field of a setting, with limits and origin in its hint."""
    return {**control(item, typed), "hint": " ".join(hints(name, item)), "error": error}


def hints(name: str, item: SettingField) -> list[str]:
    """What a setting does, its limits, and where its value comes from."""
    text = item.meta.get("help")
    found = [pick(text, current.lang) if isinstance(text, Mapping) else str(text)] if text else []
    if "min" in item.meta and "max" in item.meta:
        found.append(_("Da %(least)s a %(most)s.", least=item.meta["min"], most=item.meta["max"]))
    origin = current.here.setting_origin(name, item.name)
    start = _("Valore iniziale: %(value)s.", value=value_text(item.default))
    return [*found, _("Adesso: %(origin)s.", origin=origin_text(origin.layer, origin.file)), start]


def save(name: str, typed: Mapping[str, str]) -> dict[str, str]:
    """Write the settings that differ from those in force; what is wrong, by setting."""
    errors: dict[str, str] = {}
    for key, item in setting_fields(host().settings_type(name)).items():
        try:
            value = read_setting(item, from_text(item.annotation, typed[key]))
            if value != current.here.setting(name, key):
                operations.set_setting(current.session, name, key, value, actor=current.actor, catalogue=host())
        except ValueError as error:
            errors[key] = f"{label(item)}: {error}"
        except Invalid as error:
            errors[key] = f"{label(item)}: {error.errors[0].message}"
    return errors


def reset(name: str, key: str) -> Response:
    """Return one setting to the model."""
    operations.reset_setting(current.session, name, key, actor=current.actor)
    return done(_("L'impostazione segue di nuovo il modello."), ".show", name=name)


# --- how a setting is typed ------------------------------------------------------------------------------------------


def _number(text: str) -> Any:
    try:
        return int(text)
    except ValueError:
        raise ValueError(_("scrivi un numero intero")) from None


def _yes_no(text: str) -> Any:
    return {YES: True, NO: False}.get(text)


READERS: Mapping[Any, Callable[[str], Any]] = {
    int: _number,
    bool: _yes_no,
    Decimal: lambda text: text.replace(",", "."),
    str: str,
    date: str,
}
GENERIC_READERS: Mapping[Any, Callable[[Any, str], Any]] = {
    tuple: lambda annotation, text: [
        from_text(get_args(annotation)[0], line.strip()) for line in text.splitlines() if line.strip()
    ],
    Literal: lambda annotation, text: next((c for c in get_args(annotation) if str(c) == text), text),
    types.UnionType: lambda annotation, text: from_text(inner(annotation), text) if text else None,
    Union: lambda annotation, text: from_text(inner(annotation), text) if text else None,
}


def inner(annotation: Any) -> Any:
    """The type of an optional setting."""
    return next(arg for arg in get_args(annotation) if arg is not types.NoneType)


def from_text(annotation: Any, text: str) -> Any:
    """What was typed, as the setting's reader takes it. Raises ValueError."""
    if annotation in READERS:
        return READERS[annotation](text)
    reader = GENERIC_READERS.get(get_origin(annotation))
    return reader(annotation, text) if reader else text


def to_text(value: Any) -> str:
    """A value as it stands in its field."""
    if isinstance(value, bool):
        return YES if value else NO
    if isinstance(value, tuple):
        return "\n".join(map(to_text, value))
    return "" if value is None else str(value)


KINDS: Mapping[Any, str] = {int: "integer", Decimal: "decimal", date: "date"}


def control(item: SettingField, typed: str) -> Field:
    """The kind of field that a setting is typed in."""
    options = item.meta.get("choices") or (get_args(item.annotation) if get_origin(item.annotation) is Literal else ())
    if item.annotation is bool:
        return {**choice(item.name, label(item), [(YES, _("sì")), (NO, _("no"))], typed), "type": "yes_no"}
    if options and get_origin(item.annotation) is not tuple:
        return choice(item.name, label(item), [(str(option), str(option)) for option in options], typed)
    if get_origin(item.annotation) is tuple:
        return field(item.name, label(item), "long_text", typed)
    return field(item.name, label(item), KINDS.get(item.annotation, "text"), typed)
