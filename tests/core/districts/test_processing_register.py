"""The register of processing comes with the model; what the console wrote stays and travels with an export."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest
from sqlalchemy import delete, select

from core.access import Actor
from core.db import Database
from core.districts import diff, operations
from core.districts.export import export_bundle
from core.districts.loading import load_folder, load_model
from core.districts.models import District, Organisation, Processing
from core.errors import Conflict, Refused
from core.privacy.bases import processing
from tests.core.districts.samples import PLUGINS, PROCESSING, system, write_model

OWN = processing.ProcessingFacts(
    purpose={"it": "Statistiche"}, controller="Ufficio di Piano", basis="legal_obligation", valid_from=date(2026, 1, 1)
)


def entries(database: Database, district: District) -> dict[str, Processing]:
    with database.read(district.id) as session:
        return {row.key or row.controller: row for row in session.scalars(select(Processing))}


def correct(database: Database, district: District, controller: str) -> None:
    """Change the model's entry by hand."""
    with database.write(district.id) as session:
        row = session.scalars(select(Processing).where(Processing.key == "placement")).one()
        facts = processing.ProcessingFacts(
            purpose=row.purpose,
            controller=controller,
            basis=row.basis,
            valid_from=row.valid_from,
            organisation_id=row.organisation_id,
        )
        processing.change(session, row, facts, actor=system(district), version=row.version)


def test_applying_a_model_writes_its_register(any_database: Database, valle: District) -> None:
    [row] = entries(any_database, valle).values()
    with any_database.read(valle.id) as session:
        body = session.scalars(select(Organisation.id).where(Organisation.key == "ente")).one()
    assert (row.key, row.controller, row.processor) == ("placement", "I due Comuni", "Ente capofila")
    assert (row.organisation_id, row.municipality, row.status) == (body, "015118", "confirmed")
    assert (row.articles, row.by_hand) == (["6.1.e", "9.2.g", "9.2.h"], False)
    assert row.source == "Convenzione del 2018"


def test_a_change_of_the_register_is_told_before_and_written_after(
    any_database: Database, valle: District, models: Path
) -> None:
    text = PROCESSING.replace("I due Comuni", "Unione della valle")
    write_model(models, "valle", processing=text)
    bundle = load_model(models, "valle", PLUGINS)
    with any_database.write(valle.id) as session:
        [line] = diff.preview(session, bundle)
        assert "trattamento placement" in str(line) and "titolare: Unione della valle" in str(line)
        operations.apply_bundle(session, bundle, actor=system(valle))
        assert diff.preview(session, bundle) == ()
    assert entries(any_database, valle)["placement"].controller == "Unione della valle"


def test_what_leaves_the_model_leaves_the_register_and_a_rollback_brings_it_back(
    any_database: Database, valle: District, models: Path
) -> None:
    write_model(models, "valle", processing="")
    bundle = load_model(models, "valle", PLUGINS)
    with any_database.write(valle.id) as session:
        operations.apply_bundle(session, bundle, actor=system(valle))
    assert entries(any_database, valle) == {}
    with any_database.write(valle.id) as session:
        operations.rollback_bundle(session, actor=system(valle), catalogue=PLUGINS)
    assert list(entries(any_database, valle)) == ["placement"]


def test_what_the_console_changed_or_wrote_stays_until_it_is_given_back(
    any_database: Database, valle: District, models: Path
) -> None:
    correct(any_database, valle, "Comune capofila")
    with any_database.write(valle.id) as session:
        processing.register(session, OWN, actor=system(valle))
        bundle = load_model(models, "valle", PLUGINS)
        assert diff.preview(session, bundle) == ()
        operations.apply_bundle(session, bundle, actor=system(valle))
    found = entries(any_database, valle)
    assert {row.controller for row in found.values()} == {"Comune capofila", "Ufficio di Piano"}
    with any_database.write(valle.id) as session:
        row = session.get_one(Processing, (valle.id, found["placement"].id))
        processing.reset(session, row, actor=system(valle), version=row.version)
    assert entries(any_database, valle)["placement"].controller == "I due Comuni"
    assert not entries(any_database, valle)["placement"].by_hand


def test_only_an_entry_of_the_model_is_given_back_and_only_as_it_was_read(
    any_database: Database, valle: District
) -> None:
    with any_database.write(valle.id) as session:
        own = processing.register(session, OWN, actor=system(valle))
        with pytest.raises(Refused):
            processing.reset(session, own, actor=system(valle), version=own.version)
        with pytest.raises(Conflict):
            processing.reset(session, own, actor=system(valle), version=own.version + 1)


def test_an_export_carries_the_register_with_what_the_console_wrote(
    any_database: Database, valle: District, tmp_path: Path
) -> None:
    correct(any_database, valle, "Comune capofila")
    with any_database.write(valle.id) as session:
        processing.register(session, OWN, actor=system(valle))
        export_bundle(session, tmp_path / "out")
        bundle = load_folder(tmp_path / "out", PLUGINS)
        assert diff.preview(session, bundle) == ()
        operations.apply_bundle(session, bundle, actor=system(valle))
        assert sorted(session.scalars(select(Processing.controller))) == ["Comune capofila", "Ufficio di Piano"]
    copy = operations.found_district(any_database, bundle, actor=Actor.system(None, "prova"), slug="copia")
    names = {row.controller: row.by_hand for row in entries(any_database, copy).values()}
    assert names == {"Comune capofila": False, "Ufficio di Piano": False}


@pytest.mark.parametrize(("status", "named"), [("confirmed", True), ("to_confirm", False)])
def test_an_entry_that_waits_for_its_confirmation_opens_no_data(
    any_database: Database, valle: District, status: str, named: bool
) -> None:
    with any_database.write(valle.id) as session:
        body = session.scalars(select(Organisation.id)).one()
        session.execute(delete(Processing))
        facts = replace(OWN, organisation_id=body, status=status)
        processing.register(session, facts, actor=system(valle))
        assert (body in processing.registered_bodies(session)) is named
        assert [row.status for row in processing.in_force(session)] == [status]
