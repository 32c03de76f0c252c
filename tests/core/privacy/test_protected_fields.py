from __future__ import annotations

import json
import logging
import pickle
from typing import Any

import pytest
from flask import Flask, render_template_string
from sqlalchemy import insert, select, text, update
from sqlalchemy.exc import StatementError

from core import crypto, privacy
from core.db import Database
from core.errors import NotFound, PluginError
from tests.core.privacy.world import CANARY, HERE, ILLNESS, PENALTY, THERE, Note, Person, add_person, worker


def test_a_value_comes_back_as_it_was_sealed(place: Database) -> None:
    id_ = add_person(place)
    with place.read(HERE) as session:
        person = session.get_one(Person, (HERE, id_))
        assert privacy.unsealed(session, person, "tax_code") == CANARY
        assert privacy.unsealed(session, person, "health") == ILLNESS
        assert privacy.unsealed(session, person, "penal") == PENALTY


def test_the_columns_hold_no_byte_of_the_value(place: Database) -> None:
    add_person(place)
    with place.read(HERE) as session:
        rows = session.execute(select(Person.__table__).where(Person.__table__.c.district_id == HERE)).all()
        found = repr([bytes(v.ciphertext) if isinstance(v, privacy.Sealed) else v for v in rows[0]])
        for secret in (CANARY, ILLNESS, PENALTY):
            assert secret not in found


def test_a_plain_text_cannot_be_assigned_to_a_protected_field() -> None:
    person = Person()
    with pytest.raises(TypeError, match="privacy.put seals, not str") as caught:
        person.tax_code = CANARY  # type: ignore[assignment]
    assert CANARY not in str(caught.value)
    with pytest.raises(TypeError):
        Person(health=ILLNESS)


def test_a_statement_with_a_plain_value_fails_without_repeating_it(lite: Database) -> None:
    add_person(lite)
    with lite.write(HERE) as session:
        with pytest.raises(StatementError) as inserted:
            session.execute(insert(Person).values(district_id=HERE, code="x", health=ILLNESS))
        with pytest.raises(StatementError) as updated:
            session.execute(
                update(Person).where(Person.district_id == HERE).values(health=ILLNESS),
                execution_options={"synchronize_session": False},
            )
        session.rollback()
    assert ILLNESS not in str(inserted.value)
    assert ILLNESS not in str(updated.value)


def test_a_protected_column_is_compared_with_nothing_but_null(lite: Database) -> None:
    add_person(lite)
    with pytest.raises(TypeError, match="blind index"):
        select(Person).where(Person.tax_code == CANARY)
    with pytest.raises(TypeError, match="blind index"):
        select(Person).where(Person.health.contains("epi"))
    with lite.read(HERE) as session:
        assert session.scalars(select(Person).where(Person.health.is_not(None))).one().code == "P-1"
        assert session.scalars(select(Person).where(Person.health.is_(None))).all() == []


@pytest.mark.parametrize("printed", [str, repr, "{}".format, "{:>20}".format, "{!r:.20}".format, lambda v: f"{v}"])
def test_a_sealed_value_prints_as_dots(printed: object) -> None:
    sealed = privacy.Sealed(b"0123456789abcdef0123456789abcdef")
    assert "••••••" in printed(sealed)  # type: ignore[operator]
    assert "0123" not in printed(sealed)  # type: ignore[operator]


def test_templates_and_json_show_dots_or_fail() -> None:
    sealed = privacy.Sealed(b"0123456789abcdef0123456789abcdef")
    app = Flask(__name__)
    with app.app_context():
        assert render_template_string("{{ value }}", value=sealed) == "••••••"
        assert app.json.loads(app.json.dumps({"value": sealed})) == {"value": "••••••"}
    with pytest.raises(TypeError) as caught:
        json.dumps({"value": sealed})
    assert "0123" not in str(caught.value)
    with pytest.raises(TypeError):
        pickle.dumps(sealed)


def test_the_log_of_statements_holds_no_value(lite: Database, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.DEBUG, logger="sqlalchemy"):
        logging.getLogger("sqlalchemy.engine").setLevel(logging.DEBUG)
        id_ = add_person(lite)
        with lite.read(HERE) as session:
            person = session.get_one(Person, (HERE, id_))
            privacy.unsealed(session, person, "health")
    logging.getLogger("sqlalchemy.engine").setLevel(logging.NOTSET)
    for secret in (CANARY, ILLNESS, PENALTY):
        assert secret not in caplog.text


def test_an_empty_value_empties_field_and_index(place: Database) -> None:
    id_ = add_person(place)
    with place.write(HERE) as session:
        person = session.get_one(Person, (HERE, id_))
        privacy.put(session, person, "tax_code", "")
        privacy.put(session, person, "health", None)
    with place.read(HERE) as session:
        person = session.get_one(Person, (HERE, id_))
        assert (person.tax_code, person.tax_code_blind, person.health) == (None, None, None)
        assert privacy.unsealed(session, person, "health") is None
        assert privacy.unsealed(session, person, "penal") == PENALTY


def test_a_person_is_found_by_the_tax_code_however_it_is_typed(place: Database) -> None:
    id_ = add_person(place)
    with place.read(HERE) as session:
        for typed in (CANARY, CANARY.lower(), "RSS MRA 80A01 F205X"):
            wanted = privacy.blind(session, Person, "tax_code", typed)
            assert session.scalars(select(Person.id).where(Person.tax_code_blind == wanted)).all() == [id_]
        other = privacy.blind(session, Person, "tax_code", "VRDLGU80A01F205X")
        assert session.scalars(select(Person.id).where(Person.tax_code_blind == other)).all() == []


def test_the_same_tax_code_has_another_index_in_another_district(lite: Database) -> None:
    indices = []
    for district in (HERE, THERE):
        with lite.write(district) as session:
            person = Person()
            privacy.put(session, person, "tax_code", CANARY)
            indices.append(person.tax_code_blind)
            session.add(person)
    assert indices[0] != indices[1]


def test_a_sealed_value_moved_to_another_row_or_field_cannot_be_opened(lite: Database) -> None:
    first, second = add_person(lite), add_person(lite, "P-2")
    with lite.write(HERE) as session:
        here, there = session.get_one(Person, (HERE, first)), session.get_one(Person, (HERE, second))
        there.health, here.penal = here.health, here.health
        session.flush()
        for person, name in ((there, "health"), (here, "penal")):
            with pytest.raises(crypto.Unreadable):
                privacy.unsealed(session, person, name)
        session.rollback()


def test_a_row_that_names_its_subject_is_sealed_under_the_key_of_that_person(lite: Database) -> None:
    id_ = add_person(lite)
    with lite.write(HERE) as session:
        note = Note(subject_id=id_)
        privacy.put(session, note, "words", "canarino malato")
        session.add(note)
    with lite.write(HERE) as session:
        crypto.destroy_key(session, id_, reason="cancellazione")
    with lite.read(HERE) as session, pytest.raises(crypto.Unreadable):
        privacy.unsealed(session, session.scalars(select(Note)).one(), "words")


def test_a_row_without_its_subject_is_not_sealed(lite: Database) -> None:
    with lite.write(HERE) as session, pytest.raises(ValueError, match="say subject_id"):
        privacy.put(session, Note(), "words", "x")


def test_only_protected_fields_are_sealed_and_opened(lite: Database) -> None:
    with lite.write(HERE) as session:
        with pytest.raises(NotFound):
            privacy.put(session, Person(), "code", "x")
        with pytest.raises(NotFound):
            privacy.unsealed(session, Person(), "code")
        with pytest.raises(TypeError):
            privacy.put(session, Person(), "health", 7)  # type: ignore[arg-type]


def test_an_unknown_class_is_an_error_by_name() -> None:
    with pytest.raises(PluginError, match="'secret'"):
        privacy.protected("secret", label="x")


@pytest.mark.parametrize(
    ("rights", "personal", "special"),
    [
        ({}, None, None),
        ({"personal": "mask"}, (None, True, False), None),
        ({"personal": "read"}, (CANARY, False, False), None),
        ({"special": "mask"}, None, (None, True, False)),
        ({"special": "read"}, None, (None, True, True)),
        ({"personal": "read", "special": "read"}, (CANARY, False, False), (None, True, True)),
    ],
)
def test_what_is_shown_follows_right_and_class(
    place: Database, rights: dict[str, Any], personal: tuple[object, ...] | None, special: tuple[object, ...] | None
) -> None:
    id_ = add_person(place)
    with place.read(HERE) as session:
        found = privacy.shown(session, worker(**rights), session.get_one(Person, (HERE, id_)))
    assert "penal" not in found
    for name, expected in (("tax_code", personal), ("health", special)):
        seen = found.get(name)
        assert (seen and (seen.value, seen.masked, seen.revealable)) == expected


def test_dots_do_not_tell_whether_there_is_something_behind(lite: Database) -> None:
    with lite.write(HERE) as session:
        empty = Person(code="P-0")
        session.add(empty)
    full = add_person(lite)
    with lite.read(HERE) as session:
        actor = worker(personal="mask", special="read", penal="mask")
        seen = [privacy.shown(session, actor, session.get_one(Person, (HERE, id_))) for id_ in (empty.id, full)]
    assert seen[0] == seen[1]


def test_a_field_whose_key_is_gone_says_so_and_shows_nothing(lite: Database) -> None:
    id_ = add_person(lite)
    with lite.write(HERE) as session:
        crypto.destroy_key(session, id_, reason="cancellazione")
    with lite.read(HERE) as session:
        found = privacy.shown(session, worker(personal="read"), session.get_one(Person, (HERE, id_)))
    assert found["tax_code"].value is None
    assert found["tax_code"].problem == "Questo dato è stato cancellato."


def test_no_protected_column_is_stored_as_text(lite: Database) -> None:
    add_person(lite)
    with lite.all_districts("look at the stored types of a test") as session:
        kinds = session.execute(text("SELECT typeof(tax_code), typeof(health) FROM privacytest_person")).one()
    assert tuple(kinds) == ("blob", "blob")
