"""A small model and three plugins that exist only for these tests."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

import core.records.permissions  # noqa: F401  # the scopes of records
from core.access import Actor, Permission
from core.access.registry import register_permissions
from core.db import Database
from core.districts import operations
from core.districts.loading import load_model
from core.districts.models import District

MODEL = """
key = "%(key)s"
slug = "%(slug)s"
name = { it = "Valle Prova", en = "Test Valley" }
service = { it = "Servizio di prova", en = "Test service" }
claim = { it = "Una frase.", en = "A sentence." }
languages = ["it", "en"]
source = "Documento di prova del 2020"

[plugins.desk]
page_size = 10

[plugins.cases]

[contacts]
address = "Via Roma 1"
phone = "0331 000000"
email = "ciao@esempio.it"
[[contacts.hours]]
days = ["mon", "tue"]
from = "09:00"
to = "12:30"

[[subareas]]
key = "est"
name = { it = "Ambito Est" }
status = "to_confirm"

[[municipalities]]
istat = "015118"
name = "Legnano"
subarea = "est"
lead = true

[[municipalities]]
istat = "015166"
name = "Paderno Dugnano"
opted_out = ["cases"]
note = { it = "Fa da solo." }

[[organisations]]
key = "ente"
name = "Ente capofila"
kind = "consortium"
roles = ["lead_body"]
status = "confirmed"

[[facts]]
value = { it = "2 Comuni" }
text = { it = "fanno parte della valle." }
"""
PARAMETERS = """
[[parameters]]
key = "grant.monthly_ceiling"
owner = "cases"
label = { it = "Tetto mensile" }
type = "cents"
unit = "EUR/month"
local = true
requirement = "LEG-150"
[[parameters.values]]
value = 26000
valid_from = 2010-01-01
valid_to = 2027-01-01
source = "Carta"
[[parameters.values]]
value = 30000
valid_from = 2027-01-01

[[parameters]]
key = "grant.share"
owner = "core"
label = { it = "Quota" }
type = "decimal"
[[parameters.values]]
value = 0.5
valid_from = 2010-01-01
"""
VOCABULARIES = """
[[vocabularies]]
key = "topics"
label = { it = "Argomenti", en = "Topics" }
[[vocabularies.terms]]
key = "work"
label = { it = "Lavoro", en = "Work" }
aliases = ["occupazione"]
[[vocabularies.terms]]
key = "grants"
label = { it = "Borse lavoro", en = "Work grants" }
parent = "work"
"""
SYNONYMS = """
[[groups]]
words = ["SIL", "SISL", "servizio inserimento lavorativo"]
"""
ROLES = """
[[roles]]
key = "visitor"
label = { it = "Visitatore" }
visitor = true
[[roles.grants]]
resource = "service"
actions = ["read"]
states = []
scope = "public"
"""
PROCESSING = """
[[processings]]
key = "placement"
purpose = { it = "Inserimento al lavoro", en = "Placement at work" }
controller = "I due Comuni"
processor = "Ente capofila"
organisation = "ente"
municipality = "015118"
basis = "public_task"
valid_from = 2018-05-25
status = "confirmed"
source = "Convenzione del 2018"
"""
FILES = {
    "model.toml": MODEL,
    "parameters.toml": PARAMETERS,
    "vocabularies.toml": VOCABULARIES,
    "synonyms.toml": SYNONYMS,
    "roles.toml": ROLES,
    "processing.toml": PROCESSING,
}


@dataclass(frozen=True)
class DeskSettings:
    page_size: int = field(default=20, metadata={"min": 1, "max": 100})
    title: str = field(default="Sportello", metadata={"max_length": 20})
    order: Literal["name", "date"] = "name"
    hidden: tuple[str, ...] = ()
    open: bool = True


@dataclass(frozen=True)
class NoSettings:
    pass


class Plugins:
    """``cases`` requires ``desk``; ``extra`` requires nothing and is in no model."""

    needs: Mapping[str, Sequence[str]] = {"desk": (), "cases": ("desk",), "extra": ()}

    @property
    def names(self) -> Collection[str]:
        return frozenset(self.needs)

    def requires(self, name: str) -> Sequence[str]:
        return self.needs[name]

    def settings_type(self, name: str) -> type:
        return DeskSettings if name == "desk" else NoSettings


PLUGINS = Plugins()
register_permissions([Permission("service", "read", ("draft",), ("personal",)), Permission("service", "change")])


def write_model(models: Path, key: str = "valle", *, slug: str = "valle", **changes: str) -> Path:
    """A model folder; ``model="…"`` and so on replace a whole file, which is left out when empty."""
    folder = models / key
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in FILES.items():
        chosen = changes.get(name.removesuffix(".toml"), text)
        if not chosen:
            (folder / name).unlink(missing_ok=True)
        else:
            (folder / name).write_text(chosen.replace("%(key)s", key).replace("%(slug)s", slug), encoding="utf-8")
    return folder


def changed(text: str, old: str, new: str) -> str:
    """The text with one piece replaced, which must be there."""
    assert old in text
    return text.replace(old, new, 1)


def found(database: Database, models: Path, key: str = "valle", *, slug: str = "valle", **changes: str) -> District:
    """A district that runs on the sample model, with whole files replaced."""
    write_model(models, key, slug=slug, **changes)
    bundle = load_model(models, key, PLUGINS)
    return operations.found_district(database, bundle, actor=Actor.system(None, "prova"))


def system(district: District) -> Actor:
    return Actor.system(district.id, "prova")


def write_addon(models: Path, **files: str) -> None:
    """An add-on with these files alone."""
    empty = dict.fromkeys((name.removesuffix(".toml") for name in FILES), "")
    write_model(models, "extra", **{**empty, **files})


ADDON = 'key = "extra"\naddon = true\n'
