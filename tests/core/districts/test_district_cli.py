"""The commands speak Italian, do what they say, and end with a clear message when they cannot."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from core.db import Database
from core.districts import snapshots
from core.districts.cli import district, plugin
from tests.core.districts.samples import ADDON, MODEL, PLUGINS, Plugins, changed, write_addon, write_model


@dataclass
class Desk:
    """The object of the click context, with the two groups under it."""

    database: Database
    models_dir: Path
    catalogue: Plugins = PLUGINS

    def run(self, line: str, *more: str) -> Result:
        group, *words = line.split()
        return CliRunner().invoke({"district": district, "plugin": plugin}[group], [*words, *more], obj=self)

    def ok(self, line: str, *more: str) -> str:
        result = self.run(line, *more)
        assert result.exit_code == 0, result.output
        return result.output

    def refused(self, line: str, *more: str) -> str:
        result = self.run(line, *more)
        assert result.exit_code != 0
        assert "Traceback" not in result.output
        return result.output


@pytest.fixture
def desk(sqlite_database: Database, models: Path) -> Desk:
    write_model(models)
    desk = Desk(sqlite_database, models)
    desk.ok("district create --model valle")
    return desk


def test_a_district_is_created_listed_and_shown(desk: Desk) -> None:
    assert "monte" in desk.ok("district create monte --model valle --demo")
    listed = desk.ok("district list")
    assert "monte\tvalle" in listed
    assert "Modelli: valle" in listed
    shown = desk.ok("district show valle")
    for text in ("Valle Prova", "cases, desk", "Legnano, Paderno Dugnano", "Ente capofila"):
        assert text in shown


def test_an_application_is_shown_first_then_done_then_taken_back(desk: Desk) -> None:
    assert "Nessuna differenza" in desk.ok("district diff valle")
    write_model(desk.models_dir, model=changed(MODEL, "page_size = 10", "page_size = 12"))
    line = "impostazione desk.page_size: 10 → 12"
    assert line in desk.ok("district diff valle")
    assert line in desk.ok("district apply valle --dry-run")
    assert line in desk.ok("district apply valle")
    assert "Nessuna differenza" in desk.ok("district diff valle")
    assert "versione 1" in desk.ok("district rollback valle")
    assert "annullata" in desk.ok("district history valle")
    assert "precedente" in desk.refused("district rollback valle")


def test_an_export_is_applied_from_its_folder(desk: Desk, tmp_path: Path) -> None:
    desk.ok("plugin disable cases --district valle")
    assert "model.toml" in desk.ok("district export valle", str(tmp_path / "out"))
    assert "Nessuna differenza" in desk.ok("district diff valle --folder", str(tmp_path / "out"))
    assert "c'è già" in desk.refused("district export valle", str(tmp_path / "out"))


def test_an_addon_is_added_to_a_district(desk: Desk) -> None:
    write_addon(desk.models_dir, model=ADDON + "[plugins.extra]\n")
    assert "plugin extra: acceso" in desk.ok("district apply valle --with extra")
    assert "Nessuna differenza" in desk.ok("district diff valle")


def test_a_plugin_is_switched_off_and_on(desk: Desk) -> None:
    assert "cases\tacceso in: valle" in desk.ok("plugin list")
    assert "spento" in desk.ok("plugin disable cases --district valle")
    assert "cases\tspento" in desk.ok("plugin list --district valle")
    desk.ok("plugin enable cases --district valle")
    assert "cases" in desk.refused("plugin disable desk --district valle")


def test_a_parameter_is_set_from_the_command_line(desk: Desk) -> None:
    desk.ok("district parameter set valle grant.monthly_ceiling 28000 --from 2026-06-01")
    desk.ok("district parameter set valle grant.share 0,25 --from 2026-06-01 --source Delibera")
    listed = desk.ok("district parameter list valle")
    assert "dal 01/06/2026: 280,00 € (district)" in listed
    assert "dal 01/06/2026: 0,25, Delibera (district)" in listed
    snapshot = snapshots.get(desk.database, "valle")
    assert snapshot
    assert snapshot.parameter("grant.monthly_ceiling", on=date(2026, 6, 1)) == 28000


REFUSED = {
    "district show mare": "valle",
    "district create --model mare": "valle",
    "district create --model valle": "indirizzo",
    "district create api --model valle": "api",
    "plugin enable nave --district valle": "nave",
    "plugin enable cases --district mare": "mare",
    "district parameter set valle grant.daily 1 --from 2026-06-01": "grant.daily",
    "district parameter set valle grant.monthly_ceiling molto --from 2026-06-01": "centesimi",
    "district parameter set valle grant.monthly_ceiling 1 --from ieri": "ieri",
    "district parameter set valle grant.share 1 --from 2026-06-01 --subarea est": "tutto il distretto",
}


@pytest.mark.parametrize("line", REFUSED)
def test_a_command_that_cannot_be_done_says_why(desk: Desk, line: str) -> None:
    assert REFUSED[line] in desk.refused(line)


def test_a_broken_model_is_named_by_file_and_key(desk: Desk) -> None:
    write_model(desk.models_dir, model=changed(MODEL, "page_size = 10", "page_sise = 10"))
    said = desk.refused("district apply valle")
    assert "valle/model.toml: plugins.desk.page_sise" in said
    assert "«page_size»" in said
