"""A district's configuration as a bundle folder: the model with what the console changed written into it."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

from sqlalchemy.orm import Session

from core.districts.bundle import Bundle, ContactsSpec, ParameterSpec, VocabularySpec
from core.districts.diff import current
from core.districts.overrides import effective, load_overrides
from core.districts.parameters import DatedValue
from core.errors import NotFound, Refused
from core.i18n import _


def export_bundle(session: Session, folder: Path) -> tuple[Path, ...]:
    """Write the bundle of the session's district into ``folder``, which is created; returns the files.

    Raises Refused when the folder already holds a model.
    """
    if (folder / "model.toml").exists():
        raise Refused(_("In %(folder)s c'è già un modello: scegli un'altra cartella.", folder=folder), code="exists")
    files = as_tables(_effective(session))
    folder.mkdir(parents=True, exist_ok=True)
    return tuple(_write(folder / name, table) for name, table in files.items())


def _effective(session: Session) -> Bundle:
    bundle = current(session)
    if bundle is None:
        raise NotFound(_("Il distretto non ha ancora un modello."))
    return effective(bundle, load_overrides(session))


def _write(path: Path, table: Mapping[str, Any]) -> Path:
    path.write_text(to_toml(table), encoding="utf-8")
    return path


def as_tables(bundle: Bundle) -> dict[str, dict[str, Any]]:
    """The bundle's files as the tables that TOML holds."""
    return {
        "model.toml": _model(bundle),
        "parameters.toml": {"parameters": [_parameter(spec) for spec in bundle.parameters]},
        "vocabularies.toml": {"vocabularies": [_vocabulary(spec) for spec in bundle.vocabularies]},
        "synonyms.toml": {"groups": [{"words": list(words)} for words in bundle.synonyms]},
        "processing.toml": {"processings": [spec.table() for spec in bundle.processings]},
        "roles.toml": {
            "functions": [function.table() for function in bundle.functions],
            "roles": [role.table() for role in bundle.roles],
        },
    }


def _model(bundle: Bundle) -> dict[str, Any]:
    return {
        "key": bundle.key,
        "slug": bundle.slug,
        "name": bundle.name,
        "service": bundle.service,
        "claim": bundle.claim,
        "languages": list(bundle.languages),
        "source": bundle.source,
        "plugins": {name: dict(spec.settings) for name, spec in bundle.plugins.items()},
        "contacts": _contacts(bundle.contacts),
        "subareas": [{"key": s.key, "name": s.name, "status": s.status} for s in bundle.subareas],
        "municipalities": [
            {
                "istat": m.istat,
                "name": m.name,
                "subarea": m.subarea,
                "lead": m.lead,
                "opted_out": list(m.opted_out),
                "note": m.note,
            }
            for m in bundle.municipalities
        ],
        "organisations": [
            {"key": o.key, "name": o.name, "kind": o.kind, "roles": list(o.roles), "status": o.status, "note": o.note}
            for o in bundle.organisations
        ],
        "facts": [{"value": f.value, "text": f.text} for f in bundle.facts],
    }


def _contacts(spec: ContactsSpec | None) -> dict[str, Any] | None:
    if spec is None:
        return None
    hours = [{"days": list(h.days), "from": h.start, "to": h.end} for h in spec.hours]
    return {"address": spec.address, "phone": spec.phone, "email": spec.email, "hours": hours}


def _parameter(spec: ParameterSpec) -> dict[str, Any]:
    parameter = spec.parameter
    return {
        "key": parameter.key,
        "owner": parameter.owner,
        "label": parameter.label,
        "type": parameter.type,
        "unit": parameter.unit,
        "local": parameter.local,
        "requirement": parameter.requirement,
        "options": list(parameter.options),
        "values": [_value(parameter.type, value) for value in parameter.values],
    }


def _value(kind: str, value: DatedValue) -> dict[str, Any]:
    return {
        "value": Decimal(value.value) if kind == "decimal" else value.value,
        value.layer if value.place else "": value.place,
        "valid_from": value.valid_from,
        "valid_to": value.valid_to,
        "source": value.source,
    }


def _vocabulary(spec: VocabularySpec) -> dict[str, Any]:
    terms = [{"key": t.key, "label": t.label, "aliases": list(t.aliases), "parent": t.parent} for t in spec.terms]
    return {"key": spec.key, "label": spec.label, "terms": terms}


# --- TOML ------------------------------------------------------------------------------------------------------------


def to_toml(table: Mapping[str, Any]) -> str:
    """TOML text of a table. What is empty (no text, no list, ``None``) is left out, as a bundle may do."""
    return "\n".join(_table(table, ())).strip() + "\n"


def _table(table: Mapping[str, Any], path: tuple[str, ...]) -> list[str]:
    kept = {key: value for key, value in table.items() if (key and value not in (None, "", [], {})) or _is_plugin(path)}
    lines = [f"{_key(key)} = {_value_text(value)}" for key, value in kept.items() if not _is_table(value, (*path, key))]
    for key, value in kept.items():
        inner = (*path, key)
        if isinstance(value, list) and _is_table(value, inner):
            lines += [line for item in value for line in ("", f"[[{_path(inner)}]]", *_table(item, inner))]
        elif _is_table(value, inner):
            lines += ["", *([] if inner == ("plugins",) else [f"[{_path(inner)}]"]), *_table(value, inner)]
    return lines


def _is_plugin(path: tuple[str, ...]) -> bool:
    """Inside ``[plugins]`` an empty value says something: the plugin is on, the list is empty."""
    return bool(path) and path[0] == "plugins"


def _is_table(value: Any, path: tuple[str, ...]) -> bool:
    """Texts by language and settings stay on one line; the rest of the tables gets a heading."""
    if isinstance(value, list):
        return bool(value) and all(isinstance(item, Mapping) for item in value) and not _is_plugin(path)
    return isinstance(value, Mapping) and path[0] in ("plugins", "contacts") and len(path) <= 2


def _path(path: tuple[str, ...]) -> str:
    return ".".join(_key(key) for key in path)


def _key(key: str) -> str:
    bare = key.replace("_", "").replace("-", "")
    return key if bare.isascii() and bare.isalnum() else _text(key)


def _text(text: str) -> str:
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")


def _list(items: Sequence[Any]) -> str:
    return "[" + ", ".join(_value_text(item) for item in items) + "]"


def _inline(table: Mapping[str, Any]) -> str:
    return "{ " + ", ".join(f"{_key(key)} = {_value_text(value)}" for key, value in table.items()) + " }"


def _value_text(value: Any) -> str:
    return str(next(write(value) for kind, write in WRITERS if isinstance(value, kind)))


def _decimal(value: Decimal) -> str:
    text = f"{value:f}"
    return text if "." in text else f"{text}.0"


#: In this order: a bool is an int as well.
WRITERS: tuple[tuple[Any, Any], ...] = (
    (bool, lambda value: str(value).lower()),
    (int, str),
    (Decimal, _decimal),
    (str, _text),
    (date, date.isoformat),
    ((list, tuple), _list),
    (Mapping, _inline),
)
