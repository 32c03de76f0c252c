"""Sentences that several pages of the console share."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from core import clock
from core.access import registry
from core.i18n import _, _l, pick
from core.records.definitions import record_types
from core.web.context import current
from core.web.dates import format_date


def moment(at: datetime | None) -> str:
    """Day and time in Italy, in words; a dash for never."""
    if at is None:
        return "-"
    local = at.astimezone(clock.ROME)
    return str(_("%(day)s alle %(time)s", day=format_date(at), time=f"{local.hour}.{local.minute:02}"))


def plugin_title(name: str) -> str:
    """What a plugin is called on screen; its name when it is not installed."""
    host = current.installation.host
    return pick(host.manifest(name).title, current.lang) if name in host.names else name


ORIGINS: Mapping[str, Any] = {
    "plugin": _l("valore iniziale"),
    "model": _l("dal modello"),
    "district": _l("cambiato qui"),
    "subarea": _l("cambiato qui, per un'area"),
    "municipality": _l("cambiato qui, per un Comune"),
}


def origin_text(layer: str, file: str = "") -> str:
    """Where a value comes from; what a bundle's file says comes from the model whatever place it is for."""
    text = str(ORIGINS["model"] if file else ORIGINS[layer])
    return f"{text} ({file})" if file else text


#: What grants speak of: the core's own resources, actions and scopes; plugins name theirs themselves.
RESOURCES: Mapping[str, Any] = {
    "*": _l("tutte le schede"),
    "core.account": _l("persone e ruoli"),
    "core.audit": _l("registro degli accessi"),
    "core.district": _l("nome, contatti e stato del distretto"),
    "core.municipality": _l("Comuni"),
    "core.organisation": _l("enti"),
    "core.parameter": _l("parametri"),
    "core.hold": _l("blocchi della cancellazione"),
    "core.plugin": _l("funzioni"),
    "core.privacy": _l("registro dei trattamenti"),
    "core.request": _l("richieste degli interessati"),
    "core.retention": _l("conservazione dei dati"),
    "core.role": _l("ruoli"),
    "core.setting": _l("impostazioni, sinonimi e vocabolari"),
    "core.vocabulary": _l("vocabolari"),
}
ACTIONS: Mapping[str, Any] = {
    "read": _l("legge"),
    "manage": _l("cambia"),
    "create": _l("crea"),
    "change": _l("modifica"),
    "publish": _l("pubblica"),
    "withdraw": _l("ritira"),
    "import": _l("importa"),
    "remove": _l("toglie"),
    "assign": _l("affida alla squadra"),
    "break_glass": _l("apre in emergenza"),
    "supervise": _l("è avvisato delle emergenze"),
    "close": _l("chiude"),
    "export": _l("scarica l'elenco"),
    "decide": _l("decide"),
}
SCOPES: Mapping[str, Any] = {
    "all": _l("tutte"),
    "own": _l("le proprie"),
    "public": _l("quelle pubbliche"),
    "installation": _l("tutte"),
    "team": _l("quelle della propria squadra"),
    "emergency": _l("quelle aperte in emergenza"),
    "organisation": _l("quelle del proprio ente"),
    "municipality": _l("quelle del proprio Comune"),
}
GROUPS: Mapping[str, Any] = {
    "plain": _l("dati comuni"),
    "personal": _l("dati personali"),
    "special": _l("dati particolari (salute, dipendenze)"),
    "penal": _l("dati penali"),
}
RIGHTS: Mapping[str, Any] = {
    "none": _l("non sa che ci sono"),
    "mask": _l("li vede coperti"),
    "read": _l("li legge"),
    "write": _l("li legge e li cambia"),
}


def resource_text(resource: str) -> str:
    """What a grant speaks of, in words."""
    labels = {item.key: item.label_plural for item in record_types()}
    named = {**labels, **registry.resource_labels()}
    return pick(named.get(resource, {}), current.lang) or str(RESOURCES.get(resource, resource))


#: What a district says of itself.
IDENTITY: Mapping[str, Any] = {
    "name": _l("Nome del distretto"),
    "service": _l("Nome del servizio"),
    "claim": _l("Frase di apertura"),
    "contacts": _l("contatti e orari"),
}
#: What a change of the configuration did, by the key that operations write.
CHANGES: Mapping[str, Any] = {
    "district.create": _l("Ha creato il distretto"),
    "district.change": _l("Ha cambiato i dati del distretto"),
    "bundle.apply": _l("Ha applicato il modello"),
    "bundle.rollback": _l("È tornato alla versione precedente del modello"),
    "plugin.enable": _l("Ha acceso una funzione"),
    "plugin.disable": _l("Ha spento una funzione"),
    "setting.set": _l("Ha cambiato un'impostazione"),
    "setting.reset": _l("Ha riportato un'impostazione al modello"),
    "municipality.opt_out": _l("Ha cambiato la partecipazione di un Comune"),
    "parameter.set": _l("Ha cambiato un parametro"),
    "parameter.reset": _l("Ha riportato un parametro al modello"),
    "synonyms.add": _l("Ha aggiunto dei sinonimi"),
    "synonyms.remove": _l("Ha tolto dei sinonimi"),
}


def change_text(what: str) -> str:
    """What was done, in words."""
    return str(CHANGES.get(what, what))


def value_text(value: Any) -> str:
    """A stored value, in words."""
    for kind, show in SHOWN.items():
        if isinstance(value, kind):
            return show(value)
    return "-" if value is None else str(value)


#: What the parts of a stored value are called.
PARTS: Mapping[str, Any] = {
    "value": _l("valore"),
    "valid_from": _l("dal"),
    "valid_to": _l("fino al"),
    "number": _l("versione"),
    "changes": _l("cambiamenti"),
    "model": _l("modello"),
    "address": _l("indirizzo"),
    "phone": _l("telefono"),
    "email": _l("e-mail"),
    "hours": _l("orari"),
    "days": _l("giorni"),
    "from": _l("dalle"),
    "to": _l("alle"),
}


def _mapping_text(value: Mapping[str, Any]) -> str:
    return "; ".join(f"{PARTS.get(key, key)}: {value_text(item)}" for key, item in value.items() if item is not None)


SHOWN: Mapping[type[Any], Callable[[Any], str]] = {
    bool: lambda value: str(_("sì") if value else _("no")),
    dict: _mapping_text,
    list: lambda value: ", ".join(map(value_text, value)),
    tuple: lambda value: ", ".join(map(value_text, value)),
}
