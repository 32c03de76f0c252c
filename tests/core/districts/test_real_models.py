"""The five models of config/models hold the facts of the documents; expected values are written by hand here."""

from __future__ import annotations

from datetime import date
from functools import cache
from pathlib import Path

import pytest

from core.access import Actor
from core.db import Database
from core.districts import diff, operations, queries, snapshots
from core.districts.bundle import Bundle
from core.districts.export import export_bundle
from core.districts.loading import available_models, load_folder, load_model
from core.installation import register_definitions
from core.loader import Host

MODELS = Path(__file__).resolve().parents[3] / "config" / "models"
NAMES = available_models(MODELS)
LEGNANO = {
    "Busto Garolfo", "Canegrate", "Cerro Maggiore", "Dairago", "Legnano", "Parabiago", "Rescaldina",
    "San Giorgio su Legnano", "San Vittore Olona", "Villa Cortese",
}  # fmt: skip
GARBAGNATE = {
    "Baranzate", "Bollate", "Cesate", "Garbagnate Milanese", "Novate Milanese", "Paderno Dugnano", "Senago", "Solaro",
}  # fmt: skip
RHO = {
    "Arese", "Cornaredo", "Lainate", "Pero", "Pogliano Milanese", "Pregnana Milanese", "Rho", "Settimo Milanese",
    "Vanzago",
}  # fmt: skip
TODAY = date(2026, 11, 21)


@cache
def host() -> Host:
    loaded = Host().load()
    for plugin in loaded.plugins:
        register_definitions(loaded, plugin)
    return loaded


def bundle(name: str) -> Bundle:
    return load_model(MODELS, name, host())


def municipalities(model: Bundle, subarea: str = "") -> set[str]:
    return {m.name for m in model.municipalities if not subarea or m.subarea == subarea}


def run(database: Database, name: str) -> None:
    snapshots.use(host())
    operations.found_district(database, bundle(name), actor=Actor.system(None, "prova"))


def test_there_are_five_models_with_the_addresses_of_the_portal() -> None:
    slugs = {name: bundle(name).slug for name in NAMES}
    assert slugs == {
        "legnano_sisl": "legnano",
        "san_donato_sil": "san-donato",
        "pordenone_piano_di_zona": "pordenone",
        "rho_garbagnate_inlav": "rho-garbagnate",
        "guide_workers_cooperative": "lavoratore-guida",
    }


@pytest.mark.req("LEG-009")
def test_the_consortium_works_in_two_fields_the_service_and_the_territorial_projects() -> None:
    found = [fact.text["it"] for fact in bundle("legnano_sisl").facts if fact.value["it"] == "2 attività"]
    assert len(found) == 1
    assert "SISL" in found[0]
    assert "progetti territoriali" in found[0]


@pytest.mark.req("LEG-036")
def test_the_district_of_legnano_has_its_ten_municipalities() -> None:
    assert municipalities(bundle("legnano_sisl")) == LEGNANO


@pytest.mark.req("LEG-037")
def test_cerro_maggiore_leads_the_district_of_legnano() -> None:
    assert [m.name for m in bundle("legnano_sisl").municipalities if m.lead] == ["Cerro Maggiore"]


@pytest.mark.req("PDN-004")
def test_pordenone_has_five_ambiti() -> None:
    assert [area.key for area in bundle("pordenone_piano_di_zona").subareas] == [
        "est",
        "sud",
        "ovest",
        "nord",
        "urbano",
    ]


@pytest.mark.req("INL-055")
def test_the_area_plan_of_garbagnate_has_eight_municipalities() -> None:
    assert municipalities(bundle("rho_garbagnate_inlav"), "garbagnate") == GARBAGNATE


@pytest.mark.req("INL-057")
def test_the_area_of_rho_has_nine_municipalities() -> None:
    assert municipalities(bundle("rho_garbagnate_inlav"), "rho") == RHO


@pytest.mark.req("INL-002")
def test_comuni_insieme_leads_the_two_areas_of_the_inlav_project() -> None:
    model = bundle("rho_garbagnate_inlav")
    assert [area.key for area in model.subareas] == ["rho", "garbagnate"]
    assert [body.name for body in model.organisations if "lead_body" in body.roles] == ["ASC Comuni Insieme"]


def test_no_municipality_is_invented_where_no_document_names_one() -> None:
    for name in ("san_donato_sil", "guide_workers_cooperative"):
        assert bundle(name).municipalities == ()
    pordenone = bundle("pordenone_piano_di_zona").municipalities
    assert {m.subarea for m in pordenone} == {""}
    assert all("confermare" in m.note["it"] for m in pordenone)


@pytest.mark.req("PDN-003")
def test_one_territory_has_one_organisation_and_its_parts_are_the_ambiti(sqlite_database: Database) -> None:
    run(sqlite_database, "pordenone_piano_di_zona")
    run(sqlite_database, "legnano_sisl")
    snapshot = snapshots.get(sqlite_database, "pordenone")
    assert snapshot
    assert len(snapshot.subareas) == 5
    with sqlite_database.read(snapshot.id) as session:
        assert {m.istat[:3] for m in queries.municipalities(session)} == {"093"}


@pytest.mark.req("PDN-008")
def test_the_sil_of_pordenone_is_delegated_by_the_municipalities_for_people_with_disabilities() -> None:
    bodies = {body.key: body for body in bundle("pordenone_piano_di_zona").organisations}
    assert "managing_body" in bodies["ass6"].roles
    assert "placement_service" in bodies["sil"].roles
    assert "Delegato dai Comuni" in bodies["sil"].note["it"]
    assert "disabilità" in bodies["sil"].note["it"]


@pytest.mark.req("PDN-125")
def test_responsibility_has_two_levels_the_wide_area_and_the_ambito() -> None:
    model = bundle("pordenone_piano_di_zona")
    assert {b.key for b in model.organisations if "wide_area" in b.roles} == {"province", "ass6"}
    assert {b.key for b in model.organisations if "ambito" in b.roles} == {f"ssc_{a.key}" for a in model.subareas}
    managed = {r.key: {g["resource"] for g in r.grants if "manage" in g["actions"]} for r in model.roles}
    assert "core.parameter" in managed["district_admin"]
    assert managed["ambito_editor"] == set()


@pytest.mark.req("INL-059")
def test_paderno_dugnano_takes_no_part_in_a_service_and_stays_in_the_plan(sqlite_database: Database) -> None:
    run(sqlite_database, "rho_garbagnate_inlav")
    before = snapshots.get(sqlite_database, "rho-garbagnate")
    assert before
    plugin = min(before.enabled)
    with sqlite_database.write(before.id) as session:
        operations.opt_out(session, "015166", plugin, actor=Actor.system(before.id, "prova"))
    after = snapshots.get(sqlite_database, "rho-garbagnate")
    assert after
    assert not after.has(plugin, municipality="015166")
    assert after.has(plugin, municipality="015027")
    assert after.municipalities["015166"].subarea == "garbagnate"


@pytest.mark.req("SDO-008")
def test_two_districts_run_different_models_on_one_core(sqlite_database: Database) -> None:
    for name in NAMES:
        run(sqlite_database, name)
    key, values = "invalidity.threshold_percent", {}
    for slug in ("legnano", "san-donato"):
        snapshot = snapshots.get(sqlite_database, slug)
        assert snapshot
        values[slug] = snapshot.parameter(key, on=TODAY)
    assert values == {"legnano": 45, "san-donato": 46}


CHARTER = {
    "first_interview.max_months": 1,
    "shared_project.max_months": 2,
    "traineeship.monthly_ceiling": 15000,
    "work_grant.monthly_ceiling": 26000,
    "work_grant.short_months": 3,
    "work_grant.long_months": 6,
}


@pytest.mark.parametrize("key", CHARTER)
def test_the_figures_of_the_charter_are_dated_parameters_with_their_source(sqlite_database: Database, key: str) -> None:
    run(sqlite_database, "legnano_sisl")
    snapshot = snapshots.get(sqlite_database, "legnano")
    assert snapshot
    assert snapshot.parameter(key, on=TODAY) == CHARTER[key]
    origin = snapshot.origin(key, on=TODAY)
    assert origin
    assert origin.file == "legnano_sisl/parameters.toml"
    assert "Carta" in origin.source


@pytest.mark.parametrize("name", NAMES)
def test_every_model_exports_as_a_bundle_that_changes_nothing(
    sqlite_database: Database, tmp_path: Path, name: str
) -> None:
    run(sqlite_database, name)
    with sqlite_database.read(1) as session:
        export_bundle(session, tmp_path / "out")
        assert diff.preview(session, load_folder(tmp_path / "out", host())) == ()
