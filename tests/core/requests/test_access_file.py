"""The access file: all plugins, the core's own parts, who looked without names; made in one go or not at all."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime, timedelta

import pytest

from core import audit, clock
from core.access import Actor
from core.db import Database
from core.districts.models import Processing
from core.errors import PluginError, Refused
from core.privacy.bases.models import Sharing
from core.privacy.requests import access_file
from core.privacy.requests import operations as requests
from core.privacy.requests import queries as requests_queries
from core.privacy.requests.models import SubjectRequest
from tests.core.requests.world import HERE, PERSON, PERSON_CODE, Plugin, ask, hooks, office, ready


class Looker:
    """Somebody who looked at the person."""

    account_id = None
    name, function, organisation = "Elena Guarda", "tutor", "Consorzio Prova"


def test_the_file_holds_the_data_of_every_plugin_and_who_looked_without_names(place: Database, clerk: Actor) -> None:
    request_id = ready(place, clerk, "access")
    with place.write(HERE) as session:
        audit.look(session, Looker(), "view", resource="intake.person", subject_id=PERSON, purpose="interview")
        session.add(Processing(**PROCESSING))
        session.add(Sharing(**SHARING))
        found = session.get_one(SubjectRequest, (HERE, request_id))
        made = access_file.make(session, found, actor=clerk, hooks=hooks(Plugin(), Plugin("placements")))
        assert [part.source for part in made.data] == ["intake", "placements"]
        parts = {part.source: part.rows for part in made.parts}
        (look,) = parts["core.look"]
        assert (look["Ente"], look["Funzione"], look["Motivo"]) == (
            "Consorzio Prova",
            "tutor",
            "Colloquio con la persona",
        )
        assert "Elena" not in json.dumps(made.as_json())
        assert parts["core.processing"][0]["Base giuridica"] == "Compito di interesse pubblico (art. 6.1.e, 9.2.g)"
        assert parts["core.sharing"][0] == {
            "Ente": "Cooperativa Prova",
            "Base giuridica": "Contratto o convenzione",
            "Periodo": "dal 01/02/2026 al 01/03/2026",
        }
        assert made.person == PERSON_CODE


PROCESSING = {
    "purpose": {"it": "Progetto di lavoro"},
    "controller": "Comune di Prova",
    "basis": "public_task",
    "articles": ["6.1.e", "9.2.g"],
    "valid_from": date(2020, 1, 1),
}
SHARING = {
    "subject_id": PERSON,
    "organisation_id": PERSON,
    "organisation": "Cooperativa Prova",
    "basis": "contract",
    "valid_from": date(2026, 2, 1),
    "valid_to": date(2026, 3, 1),
    "who": "Dora",
}


def test_names_are_told_only_after_the_officer_decided(place: Database, clerk: Actor) -> None:
    officer = office(place, decide=True)
    request_id = ready(place, clerk, "access")
    with place.write(HERE) as session:
        audit.look(session, Looker(), "view", resource="intake.person", subject_id=PERSON)
        found = session.get_one(SubjectRequest, (HERE, request_id))
        requests.disclose_names(session, found, True, actor=officer, reason="Serve per un reclamo.")
        made = access_file.make(session, found, actor=clerk, hooks=hooks(Plugin()))
        assert "Elena Guarda" in json.dumps(made.as_json())


def test_linking_to_another_person_takes_the_decision_back(place: Database, clerk: Actor) -> None:
    officer = office(place, decide=True)
    request_id = ready(place, clerk, "access")
    with place.write(HERE) as session:
        found = session.get_one(SubjectRequest, (HERE, request_id))
        requests.disclose_names(session, found, True, actor=officer, reason="Serve per un reclamo.")
        requests.link(session, found, PERSON_CODE, actor=clerk)
        assert not found.names_disclosed


def test_making_the_file_is_a_step_and_an_export_in_the_audit(place: Database, clerk: Actor) -> None:
    request_id = ready(place, clerk, "portability")
    with place.write(HERE) as session:
        found = session.get_one(SubjectRequest, (HERE, request_id))
        access_file.make(session, found, actor=clerk, hooks=hooks(Plugin()))
        assert requests_queries.steps_of(session, found)[0].what == "file"
        (entry,) = audit.entries(session, subject_id=PERSON, kinds=["export"], limit=9)
        assert (entry.part, entry.details["parts"]) == ("access_file", ["intake"])


def test_half_a_file_is_no_file(place: Database, clerk: Actor) -> None:
    request_id = ready(place, clerk, "access")
    with place.write(HERE) as session:
        found = session.get_one(SubjectRequest, (HERE, request_id))
        with pytest.raises(PluginError):
            access_file.make(session, found, actor=clerk, hooks=hooks(Plugin(), Plugin("broken", fails=True)))


def test_no_file_before_identity_person_and_the_right_kind(place: Database, clerk: Actor) -> None:
    request_id, _code = ask(place)
    other = ready(place, clerk, "restriction")
    with place.write(HERE) as session:
        found = session.get_one(SubjectRequest, (HERE, request_id))
        with pytest.raises(Refused, match="identità"):
            access_file.make(session, found, actor=clerk, hooks=hooks())
        requests.identify(session, found, actor=clerk, how="document")
        with pytest.raises(Refused, match="collega"):
            access_file.make(session, found, actor=clerk, hooks=hooks())
        with pytest.raises(Refused, match="altra cosa"):
            access_file.make(session, session.get_one(SubjectRequest, (HERE, other)), actor=clerk, hooks=hooks())


def test_more_looks_than_one_reading_are_all_in_the_file(lite: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    clerk = office(lite)
    request_id = ready(lite, clerk, "access")
    monkeypatch.setattr(access_file, "BATCH", 3)
    with lite.write(HERE) as session:
        for day in range(8):
            with clock.at(clock.now() - timedelta(days=day)):
                audit.look(session, Looker(), "view", resource="intake.person", subject_id=PERSON)
        found = session.get_one(SubjectRequest, (HERE, request_id))
        made = access_file.make(session, found, actor=clerk, hooks=hooks(Plugin()))
        assert [len(part.rows) for part in made.parts if part.source == "core.look"] == [8]


def test_openings_of_one_hour_are_one_line_with_their_number(lite: Database) -> None:
    clerk = office(lite)
    request_id = ready(lite, clerk, "access")
    nine = datetime(2026, 3, 2, 8, 0, tzinfo=UTC)
    with lite.write(HERE) as session:
        for minutes in (0, 10, 25, 70):
            with clock.at(nine + timedelta(minutes=minutes)):
                audit.look(session, Looker(), "view", resource="test.person", subject_id=PERSON, purpose="work")
        found = session.get_one(SubjectRequest, (HERE, request_id))
        made = access_file.make(session, found, actor=clerk, hooks=hooks(Plugin()))
    [looks] = [part.rows for part in made.parts if part.source == "core.look"]
    assert [(row["Quando"], row.get("Quante volte"), row["Motivo"]) for row in looks] == [
        ("02/03/2026 10:10", None, "lavoro sul caso"),
        ("02/03/2026 09:25", "3", "lavoro sul caso"),
    ]
    assert looks[1]["La prima volta"] == "02/03/2026 09:00"
