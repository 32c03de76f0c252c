"""Bundles from their folders and from the history: read, parsed, merged with the add-ons, checked."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping, Sequence
from decimal import Decimal
from pathlib import Path
from typing import Any

from core.districts import checks
from core.districts.bundle import Bundle, Part, decode
from core.districts.catalogue import PluginCatalogue
from core.districts.merge import merged
from core.districts.parsing import parse
from core.errors import ConfigError
from core.i18n import _

FILES = ("model.toml", "parameters.toml", "vocabularies.toml", "synonyms.toml", "roles.toml", "processing.toml")
#: Bytes; a model is some tens of kilobytes.
MAX_FILE = 2_000_000


def load_model(models_dir: Path, key: str, catalogue: PluginCatalogue, *, addons: Sequence[str] = ()) -> Bundle:
    """The model in ``models_dir/key`` with the add-ons in listed order. Raises ConfigError naming file and key."""
    return build([_named(models_dir, name) for name in (key, *addons)], catalogue)


def load_folder(folder: Path, catalogue: PluginCatalogue) -> Bundle:
    """The model in a folder that may lie anywhere."""
    return build([read_folder(folder)], catalogue)


def from_content(content: Sequence[Mapping[str, Any]], catalogue: PluginCatalogue) -> Bundle:
    """The bundle that an earlier application kept."""
    parts = [Part(p["key"], {name: decode(data) for name, data in p["files"].items()}) for p in content]
    return build(parts, catalogue)


def available_models(models_dir: Path) -> tuple[str, ...]:
    """Names of the bundle folders."""
    return tuple(sorted(path.parent.name for path in models_dir.glob("*/model.toml")))


def build(parts: Sequence[Part], catalogue: PluginCatalogue) -> Bundle:
    """Parse, merge and check. The first part is the model, the others are add-ons."""
    bundles = [parse(part, catalogue) for part in parts]
    for bundle in bundles[1:]:
        if not bundle.addon:
            bundle.where.fail(_("questo modello non è un'aggiunta"), _("Scrivi addon = true nel suo model.toml."))
    if bundles[0].addon:
        bundles[0].where.fail(_("è un'aggiunta, non un modello"), _("Indica prima il modello, poi le aggiunte."))
    bundle = merged(bundles)
    checks.check(bundle, catalogue)
    return bundle


def read_folder(folder: Path) -> Part:
    """All TOML files of a bundle. Raises ConfigError for a missing model.toml, an unknown file or broken TOML."""
    if not (folder / "model.toml").is_file():
        raise ConfigError(folder, "", _("non c'è il file model.toml"), _("Controlla il nome della cartella."))
    for path in sorted(folder.glob("*.toml")):
        if path.name not in FILES:
            raise ConfigError(
                path,
                "",
                _("questo file non è previsto"),
                _("I file di un modello sono: %(names)s.", names=", ".join(FILES)),
            )
    return Part(folder.name, {name: _read(folder / name) for name in FILES if (folder / name).is_file()})


def _named(models_dir: Path, folder: str) -> Part:
    part = read_folder(_folder(models_dir, folder))
    key = part.files["model.toml"].get("key", folder)
    if key != folder:
        raise ConfigError(
            f"{folder}/model.toml",
            "key",
            _("la chiave è «%(key)s» ma la cartella si chiama «%(folder)s»", key=key, folder=folder),
            _("Usa lo stesso nome per tutte e due."),
        )
    return part


def _folder(models_dir: Path, key: str) -> Path:
    known = available_models(models_dir)
    if key not in known:
        names = ", ".join(known) or _("nessuno")
        raise ConfigError(models_dir, key, _("questo modello non c'è"), _("Modelli presenti: %(names)s.", names=names))
    return models_dir / key


def _read(path: Path) -> dict[str, Any]:
    if path.stat().st_size > MAX_FILE:
        raise ConfigError(path, "", _("il file è troppo grande"), _("Al massimo 2 MB."))
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"), parse_float=Decimal)
    except UnicodeDecodeError:
        raise ConfigError(path, "", _("il file non è scritto in UTF-8"), _("Salvalo come UTF-8.")) from None
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(
            path, "", _("il file non è TOML valido: %(error)s", error=error), _("Correggi quella riga.")
        ) from None
