"""Registering persons: duplicates, tax codes, counters, and what of it is sealed."""

from __future__ import annotations

import threading
from datetime import UTC, datetime

import pytest
from sqlalchemy import select, text

from core import clock, privacy
from core.errors import AccessDenied, Conflict, Invalid, Refused
from plugins.intake import operations, queries
from plugins.intake.models import Case, Person
from plugins.intake.queries import Wanted
from tests.plugins.intake.world import CANEGRATE, HERE, LUCIA, OTHER_TAX_CODE, TAX_CODE, THERE, World, facts


def codes_of(error: Invalid) -> set[tuple[str, str]]:
    return {(found.field, found.code) for found in error.errors}


def test_a_person_gets_a_code_of_the_district_and_a_registered_case(world: World) -> None:
    with clock.at(datetime(2026, 3, 2, 9, tzinfo=UTC)), world.write() as session:
        case = world.register(session)
        second = world.register(session, tax_code=OTHER_TAX_CODE, given_name="Giulia")
        assert (case.person.code, case.code, case.state) == ("LEG-2026-0001", "LEG-2026-0001-1", "registered")
        assert second.person.code == "LEG-2026-0002"
        assert case.municipality == CANEGRATE
    with clock.at(datetime(2027, 1, 1, 9, tzinfo=UTC)), world.write() as session:
        third = operations.register_person(session, facts(), actor=world.system())
        assert third.person.code == "LEG-2027-0001"


def test_what_hurts_stands_sealed_in_the_database(world: World) -> None:
    with world.write() as session:
        world.register(session)
    with world.database.all_districts("look for canaries") as session:
        rows = session.execute(text("SELECT * FROM intake_person")).all()
    stored = repr([bytes(v) if isinstance(v, memoryview) else v for row in rows for v in row])
    assert "De Ferràri" in stored
    for canary in ("canarino", TAX_CODE, "555777"):
        assert canary not in stored


def test_the_same_tax_code_is_refused_however_it_is_written(world: World) -> None:
    with world.write() as session:
        world.register(session)
        with pytest.raises(Refused) as refusal:
            operations.register_person(
                session, facts(tax_code="rssmra 80a01 f205x", tax_code_reason=""), actor=world.system()
            )
        assert refusal.value.code == "known_person"
        assert "LEG-" in refusal.value.message


def test_a_person_known_elsewhere_is_new_here(world: World) -> None:
    with world.write(THERE) as session:
        world.register(session, THERE, municipality="")
    with world.write(HERE) as session:
        assert world.register(session).person.code.endswith("-0001")


def test_the_same_name_and_birth_date_need_a_confirmation(world: World) -> None:
    twin = {**LUCIA, "given_name": "LUCIA", "family_name": "de ferrari", "tax_code": "", "tax_code_reason": "not_yet"}
    with world.write() as session:
        world.register(session)
        with pytest.raises(Invalid) as error:
            operations.register_person(session, twin, actor=world.system())
        assert codes_of(error.value) == {("another_person", "same_name")}
        other = operations.register_person(session, twin, actor=world.system(), another_person=True)
        assert other.person.code.endswith("-0002")


def test_two_different_tax_codes_are_two_persons_whatever_their_names(world: World) -> None:
    with world.write() as session:
        world.register(session)
        assert world.register(session, tax_code=OTHER_TAX_CODE).person.code.endswith("-0002")


@pytest.mark.parametrize(
    ("typed", "expected"),
    [
        ({"tax_code": "RSSMRA80A01F205Y"}, {("tax_code", "tax_code")}),
        ({"tax_code": "", "tax_code_reason": ""}, {("tax_code_reason", "required")}),
        ({"tax_code_kind": "foreign", "tax_code": "X-1234567-L"}, set()),
        ({"tax_code_kind": "italian", "tax_code": "X-1234567-L"}, {("tax_code", "tax_code")}),
        ({"tax_code_kind": "missing", "tax_code": TAX_CODE}, {("tax_code_kind", "kind")}),
        ({"tax_code": "00743110157"}, set()),
        ({"given_name": " "}, {("given_name", "required")}),
        ({"birth_date": "2990-01-01"}, {("birth_date", "date")}),
        ({"birth_date": "ieri"}, {("birth_date", "date")}),
        ({"municipality": "999999"}, {("municipality", "choice")}),
        ({"email": "lucia"}, {("email", "email")}),
        ({"given_name": "x" * 101}, {("given_name", "too_long")}),
        ({"shoe_size": "38"}, {("shoe_size", "unknown")}),
    ],
)
def test_answers_are_judged_one_by_one(
    small_world: World, typed: dict[str, str], expected: set[tuple[str, str]]
) -> None:
    with small_world.write() as session:
        try:
            operations.register_person(session, {**LUCIA, **typed}, actor=small_world.system())
            found: set[tuple[str, str]] = set()
        except Invalid as error:
            found = codes_of(error)
    assert found == expected


def test_two_people_who_register_at_once_get_two_codes_and_one_person_is_not_registered_twice(world: World) -> None:
    outcomes: list[str] = []
    gate = threading.Barrier(4)

    def register(place: int) -> None:
        gate.wait()
        try:
            with world.write() as session:
                tax_code = TAX_CODE if place < 2 else ""
                typed = facts(tax_code=tax_code, tax_code_reason="" if tax_code else "not_yet", given_name=f"N{place}")
                outcomes.append(operations.register_person(session, typed, actor=world.system()).person.code)
        except Refused as refusal:
            outcomes.append(refusal.code)

    threads = [threading.Thread(target=register, args=(place,)) for place in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert outcomes.count("known_person") == 1
    assert len(set(outcomes)) == 4


def test_a_change_tells_names_of_fields_and_a_stale_one_overwrites_nothing(world: World) -> None:
    with world.write() as session:
        person = world.register(session).person
        version = person.version
        operations.change_person(
            session, person, {"phone": "0331 1", "given_name": "Lucia Anna"}, actor=world.system(), version=version
        )
        with pytest.raises(Conflict):
            operations.change_person(session, person, {"phone": "2"}, actor=world.system(), version=version)
        assert privacy.unsealed(session, person, "phone") == "0331 1"
        found = queries.listing(session, world.system(), Wanted(words="anna")).rows
        assert [row.person.id for row in found] == [person.id]


def test_a_tax_code_that_changes_is_checked_against_the_others(world: World) -> None:
    with world.write() as session:
        world.register(session)
        other = world.register(session, tax_code=OTHER_TAX_CODE).person
        with pytest.raises(Refused):
            operations.change_person(
                session, other, {"tax_code": TAX_CODE}, actor=world.system(), version=other.version
            )


def test_without_the_right_nobody_registers(small_world: World) -> None:
    small_world.hire("mario", "tutor")
    with small_world.write() as session:
        with pytest.raises(AccessDenied):
            operations.register_person(session, LUCIA, actor=small_world.actor(session, "mario"))
        assert session.scalars(select(Person)).all() == []
        assert session.scalars(select(Case)).all() == []
