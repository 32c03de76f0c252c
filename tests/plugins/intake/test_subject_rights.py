"""What a person's own rights reach: everything the plugin holds, and forgetting it."""

from __future__ import annotations

from pathlib import Path

import pytest
import sqlalchemy as sa

from core import crypto, files, privacy
from core.contributions import PersonalData
from core.db import uuid7
from core.errors import Refused
from core.privacy.bases.notices import give_notice
from plugins.intake import operations, plugin, queries
from plugins.intake.models import Case, Person, PersonWord
from plugins.intake.queries import Wanted
from tests.plugins.intake.world import TAX_CODE, World


def held(world: World, case: Case, session: sa.orm.Session) -> list[PersonalData]:
    return list(plugin.export_personal_data(case.district_id, session, case.person_id))


def test_export_personal_data_tells_sealed_answers_and_every_case(world: World) -> None:
    with world.write() as session:
        case = world.register(session)
        operations.close_case(session, case, actor=world.system(), reason="transferred")
        operations.register_again(session, case.person, actor=world.system())
        file, cases, documents = held(world, case, session)
    assert not documents.rows
    told = dict(file.rows[0])
    assert told["Codice fiscale"] == TAX_CODE
    assert told["Note sulla salute"] == "canarino della salute"
    assert told["Note su misure penali"] == "canarino penale"
    assert told["Comune di residenza"] == "Canegrate"
    assert [row["Stato"] for row in cases.rows] == ["percorso chiuso", "registrata"]
    assert cases.rows[0]["Motivo della chiusura"] == "la persona è passata a un altro servizio"


def test_documents_are_named_in_the_file_and_their_contents_go_with_the_person(world: World, tmp_path: Path) -> None:
    storage = files.Storage(tmp_path)
    with world.write() as session:
        case = world.register(session)
        facts = {"resource": "intake.person", "object_id": case.person_id, "subject_id": case.person_id}
        file = files.StoredFile(id=uuid7(), **facts, field_class="special", kind="pdf", size=3, state="ready")
        place = {"table": "core_file", "row_id": file.id}
        file.title = crypto.seal(session, case.person_id, "Certificato", field="title", **place)
        storage.write(case.district_id, file.id, b"xyz")
        session.add(file)
        session.flush()
        told = held(world, case, session)[2].rows
        assert [row["Documento"] for row in told] == ["Certificato"]
        plugin.erase_personal_data(session, case.person_id, "request")
        assert not held(world, case, session)[2].rows
    assert files.sweep(world.database, storage, case.district_id) == 1
    assert storage.read(case.district_id, file.id) is None


def test_export_personal_data_of_somebody_unknown_is_empty(small_world: World) -> None:
    with small_world.write() as session:
        case = small_world.register(session)
        other = small_world.register(session, tax_code="", tax_code_reason="not_yet", family_name="Altri")
        session.execute(sa.delete(PersonWord).where(PersonWord.person_id == other.person_id))
        session.delete(other)
        session.flush()
        gone = other.person_id
        session.delete(session.get_one(Person, (other.district_id, gone)))
        session.flush()
        assert plugin.export_personal_data(case.district_id, session, gone) == ()


def test_erase_personal_data_empties_the_file_and_keeps_the_counts(world: World) -> None:
    with world.write() as session:
        case = world.register(session)
        plugin.erase_personal_data(session, case.person_id, "request")
        crypto.destroy_key(session, case.person_id, reason="request")
        plugin.erase_personal_data(session, case.person_id, "request")
    with world.write() as session:
        person = session.scalars(sa.select(Person)).one()
        assert (person.given_name, person.family_name, person.birth_date, person.tax_code) == ("", "", None, None)
        assert person.tax_code_blind is None
        assert session.scalars(sa.select(PersonWord)).all() == []
        assert session.scalars(sa.select(Case.code)).all() == [f"{person.code}-1"]
        assert queries.listing(session, world.system(), Wanted()).rows[0].title == "Dati cancellati"
        for act in (
            lambda: operations.change_person(
                session, person, {"given_name": "X"}, actor=world.system(), version=person.version
            ),
            lambda: operations.open_case(session, session.scalars(sa.select(Case)).one(), actor=world.system()),
        ):
            with pytest.raises(Refused, match="cancellati"):
                act()
        # The same person may come again, as somebody new.
        assert world.register(session).person.id != person.id


@pytest.mark.req("SDO-093")
def test_nobody_is_taken_in_charge_without_the_signed_privacy_sheet(world: World) -> None:
    with world.write() as session:
        case = world.register(session)
        with pytest.raises(Refused, match="scheda privacy"):
            operations.open_case(session, case, actor=world.system())
        assert case.state == "registered"
        give_notice(session, case.person, actor=world.system(), how="paper", signed=False)
        with pytest.raises(Refused, match="scheda privacy"):
            operations.open_case(session, case, actor=world.system())
        give_notice(session, case.person, actor=world.system(), how="paper", signed=True)
        operations.open_case(session, case, actor=world.system())
        assert (case.state, case.opened_at is not None) == ("open", True)
        with pytest.raises(Refused):
            operations.open_case(session, case, actor=world.system())


def test_a_key_that_is_gone_breaks_no_page(small_world: World) -> None:
    with small_world.write() as session:
        person = small_world.register(session).person
        crypto.destroy_key(session, person.id, reason="test")
        session.flush()
        found = privacy.shown(session, small_world.system(), person)["tax_code"]
        assert found.value is None
        assert found.problem
