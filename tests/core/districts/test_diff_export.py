"""What an application would change is said in Italian; what is exported loads again as it was."""

from __future__ import annotations

import tomllib
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest

from core.access import Actor
from core.db import Database
from core.districts import diff, operations, snapshots
from core.districts.export import export_bundle, to_toml
from core.districts.loading import load_folder, load_model
from core.districts.models import District
from core.errors import Refused
from tests.core.districts.samples import MODEL, PARAMETERS, PLUGINS, changed, found, system, write_model


def change_everything(database: Database, district: District) -> None:
    actor = system(district)
    with database.write(district.id) as session:
        operations.enable_plugin(session, "extra", actor=actor)
        operations.set_setting(session, "desk", "page_size", 33, actor=actor)
        operations.set_setting(session, "desk", "hidden", [], actor=actor)
        operations.set_parameter(
            session, "grant.monthly_ceiling", 1, actor=actor, valid_from=date(2026, 1, 1), valid_to=date(2028, 1, 1)
        )
        operations.set_parameter(
            session, "grant.monthly_ceiling", 2, actor=actor, valid_from=date(2026, 1, 1), subarea="est"
        )
        operations.set_parameter(session, "grant.share", "0.25", actor=actor, valid_from=date(2026, 1, 1))
        operations.opt_out(session, "015118", "extra", actor=actor)
        operations.add_synonyms(session, ["casa", 'detta "alloggio"'], actor=actor)
        operations.set_identity(session, "name", {"it": "Città d'oltre\nmonte", "en": "Beyond"}, actor=actor)
        operations.set_contact(session, "phone", "0331 1", actor=actor)


def test_an_unchanged_model_changes_nothing(any_database: Database, valle: District, models: Path) -> None:
    with any_database.read(valle.id) as session:
        assert diff.preview(session, load_model(models, "valle", PLUGINS)) == ()


def test_an_export_is_a_bundle_that_changes_nothing_where_it_comes_from(
    any_database: Database, valle: District, tmp_path: Path
) -> None:
    change_everything(any_database, valle)
    with any_database.read(valle.id) as session:
        export_bundle(session, tmp_path / "out")
        assert diff.preview(session, load_folder(tmp_path / "out", PLUGINS)) == ()


def test_a_district_made_from_an_export_works_like_the_first(
    sqlite_database: Database, models: Path, tmp_path: Path
) -> None:
    district = found(sqlite_database, models)
    change_everything(sqlite_database, district)
    with sqlite_database.read(district.id) as session:
        export_bundle(session, tmp_path / "out")
    bundle = load_folder(tmp_path / "out", PLUGINS)
    operations.found_district(sqlite_database, bundle, actor=Actor.system(None, "prova"), slug="copia")
    first, copy = snapshots.get(sqlite_database, "valle"), snapshots.get(sqlite_database, "copia")
    assert first
    assert copy
    for name in ("name", "enabled", "contacts", "municipalities", "synonyms", "organisations", "facts"):
        assert getattr(copy, name) == getattr(first, name), name
    assert copy.settings("desk") == first.settings("desk")
    for year in range(2009, 2030):
        for place in (None, "015118"):
            day = date(year, 1, 1)
            values = [s.parameter("grant.monthly_ceiling", on=day, municipality=place) for s in (first, copy)]
            assert values[0] == values[1], day


def test_an_export_never_writes_over_a_model(any_database: Database, valle: District, models: Path) -> None:
    with any_database.read(valle.id) as session, pytest.raises(Refused):
        export_bundle(session, models / "valle")


def test_a_change_reads_as_a_sentence(any_database: Database, valle: District, models: Path) -> None:
    model = changed(changed(MODEL, "page_size = 10", "page_size = 12"), "[plugins.cases]", "[plugins.extra]")
    model = changed(model, '["cases"]', "[]")
    text = changed(changed(PARAMETERS, 'owner = "cases"', 'owner = "core"'), "value = 30000", "value = 31050")
    write_model(models, model=model, parameters=text)
    with any_database.read(valle.id) as session:
        lines = [str(line) for line in diff.preview(session, load_model(models, "valle", PLUGINS))]
    assert "Cambia: impostazione desk.page_size: 10 → 12" in lines
    assert "Si aggiunge: plugin extra: acceso" in lines
    assert "Si toglie: plugin cases: acceso" in lines
    assert "Cambia: valore di grant.monthly_ceiling dal 01/01/2027: 300,00 € → 310,50 €" in lines


def test_a_preview_writes_nothing(any_database: Database, valle: District, models: Path) -> None:
    version = snapshots.version(any_database)
    write_model(models, model=changed(MODEL, "page_size = 10", "page_size = 12"))
    with any_database.read(valle.id) as session:
        assert len(diff.preview(session, load_model(models, "valle", PLUGINS))) == 1
    assert snapshots.version(any_database) == version


def test_what_the_console_set_hides_what_the_model_changes_below_it(
    any_database: Database, valle: District, models: Path
) -> None:
    with any_database.write(valle.id) as session:
        operations.set_setting(session, "desk", "page_size", 50, actor=system(valle))
    write_model(models, model=changed(MODEL, "page_size = 10", "page_size = 12"))
    with any_database.read(valle.id) as session:
        assert diff.preview(session, load_model(models, "valle", PLUGINS)) == ()


def test_any_text_survives_the_writing_of_toml() -> None:
    texts = ['"', "\\", "a\nb\tc", "\x7f\x01", "perché “€” 🙂", "'''", "[x]", "= #"]
    table: dict[str, object] = {
        "list": texts,
        "texts": {"it": "\x7f", "strange key.": "x"},
        "n": -1,
        "yes": True,
        "half": Decimal("0.50"),
    }
    table["rows"] = [{"day": date(2020, 1, 31), "tags": texts}, {"day": date(2021, 1, 1)}]
    assert tomllib.loads(to_toml(table), parse_float=Decimal) == table
