"""Who sees which person, field by field: expected by hand for six roles of Legnano and one of San Donato."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from core import access, clock, privacy, teams
from core.access.models import Account
from core.districts.models import Organisation
from core.districts.snapshot import DistrictSnapshot, snapshots
from core.errors import AccessDenied, NotFound, Refused
from core.privacy.bases.sharing import share
from core.privacy.retention.models import Restriction
from plugins.intake import exports, operations, queries
from plugins.intake.models import Case, Person
from plugins.intake.permissions import CASE, PERSON
from plugins.intake.queries import Wanted
from tests.plugins.intake.world import CANEGRATE, HERE, OTHER_TAX_CODE, PARABIAGO, TAX_CODE, THERE, World, facts

#: Names of the two persons, in the order of their codes.
LUCIA, ION = "Lucia De Ferràri", "Ion Popescu"


@pytest.fixture
def staffed(world: World) -> World:
    """Lucia lives in Canegrate and is followed by Teo; Ion lives in Parabiago and nobody follows him yet."""
    world.hire("cora", "coordinator")
    world.hire("teo", "tutor")
    world.hire("tina", "tutor")
    world.hire("canegrate", "municipal_social_worker", municipality=CANEGRATE)
    world.hire("cps", "service_referent", body="cps")
    world.hire("dpo", "data_protection")
    world.hire("amministra", "district_admin")
    world.hire("lucia", "person")
    world.hire("marisa", "placement_manager", district=THERE)
    with world.write() as session:
        first = world.register(session)
        body = session.scalars(select(Organisation.id).where(Organisation.key == "cps")).one()
        second = operations.register_person(
            session, facts(municipality=PARABIAGO, tax_code=OTHER_TAX_CODE), actor=world.system(), organisation_id=body
        )
        assert (first.municipality, second.municipality) == (CANEGRATE, PARABIAGO)
        assign(world, session, first, "teo")
        operations.link_account(session, first.person, world.accounts["lucia"], actor=world.system())
    return world


def assign(world: World, session: Session, case: Case, name: str) -> teams.TeamPlace:
    account = session.get_one(Account, world.accounts[name])
    return teams.assign(session, case, "tutor", account, actor=world.system())


def seen(world: World, session: Session, name: str) -> list[str]:
    rows = queries.listing(session, world.actor(session, name), Wanted()).rows
    return [row.title for row in sorted(rows, key=lambda row: row.person.code)]


def case_of(session: Session, code_end: str = "-0001") -> Case:
    return session.scalars(select(Case).where(Case.code.contains(code_end))).one()


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("cora", [LUCIA, ION]),
        ("teo", [LUCIA]),
        ("tina", []),
        ("canegrate", [LUCIA]),
        ("cps", [ION]),
        ("dpo", []),
        ("amministra", []),
        ("lucia", [LUCIA]),
    ],
)
def test_each_role_lists_its_own_persons_and_no_others(staffed: World, name: str, expected: list[str]) -> None:
    with staffed.write() as session:
        assert seen(staffed, session, name) == expected
        actor = staffed.actor(session, name)
        reachable = session.scalars(access.select(actor, Case, "read")).all()
        assert {case.person_id for case in reachable} == {
            row.person.id for row in queries.listing(session, actor, Wanted()).rows
        }


def test_a_role_that_demands_a_second_factor_gives_nothing_before_it(staffed: World) -> None:
    with staffed.write() as session:
        actor = access.load_actor(session, staffed.accounts["cora"], two_factor=False)
        assert actor.needs_two_factor
        assert queries.listing(session, actor, Wanted()).rows == ()


def test_nobody_of_another_district_sees_anything(staffed: World) -> None:
    with staffed.write(THERE) as session:
        assert seen(staffed, session, "marisa") == []
        for name in ("cora", "teo", "lucia"):
            assert seen(staffed, session, name) == []
    with staffed.write() as session:
        assert seen(staffed, session, "marisa") == []


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("cora", {"tax_code": "shown", "health_notes": "asks", "penal_notes": "asks"}),
        ("teo", {"tax_code": "shown", "health_notes": "asks", "penal_notes": "asks"}),
        ("canegrate", {"tax_code": "shown", "health_notes": "dots", "penal_notes": "dots"}),
        ("lucia", {"tax_code": "shown", "health_notes": "dots", "penal_notes": "dots"}),
    ],
)
def test_protected_fields_are_shown_asked_for_or_dots(staffed: World, name: str, expected: dict[str, str]) -> None:
    with staffed.write() as session:
        found = privacy.shown(session, staffed.actor(session, name), case_of(session).person)
        told = {
            key: "shown" if found[key].value == TAX_CODE else "asks" if found[key].revealable else "dots"
            for key in expected
        }
        assert told == expected
        assert all(item.value is None for item in found.values() if item.masked)


def test_a_tutor_changes_health_but_not_penal_notes(staffed: World) -> None:
    with staffed.write() as session:
        person, teo = case_of(session).person, staffed.actor(session, "teo")
        operations.change_person(session, person, {"health_notes": "nuovo"}, actor=teo, version=person.version)
        assert privacy.unsealed(session, person, "health_notes") == "nuovo"
        with pytest.raises(AccessDenied):
            operations.change_person(session, person, {"penal_notes": "x"}, actor=teo, version=person.version)


@pytest.mark.req("SDO-014")
def test_a_place_in_the_team_opens_from_its_start_to_its_end(staffed: World) -> None:
    now = clock.now()
    with staffed.write() as session:
        account = session.get_one(Account, staffed.accounts["tina"])
        begin, end = now + timedelta(days=1), now + timedelta(days=3)
        case = case_of(session, "-0002")
        teams.assign(session, case, "tutor", account, actor=staffed.system(), valid_from=begin, valid_to=end)
        found = {}
        for label, moment in {
            "before": begin - timedelta(seconds=1),
            "at once": begin,
            "last": end - timedelta(seconds=1),
            "over": end,
        }.items():
            with clock.at(moment):
                found[label] = seen(staffed, session, "tina")
    assert found == {"before": [], "at once": [ION], "last": [ION], "over": []}


def test_the_municipality_registers_its_own_residents_alone(staffed: World) -> None:
    with staffed.write() as session:
        worker = staffed.actor(session, "canegrate")
        case = operations.register_person(session, facts(given_name="Ana", municipality=CANEGRATE), actor=worker)
        assert case.registered_by == worker.account_id
        nowhere = operations.register_person(session, facts(given_name="Eva"), actor=worker)
        assert nowhere.municipality == CANEGRATE
        with pytest.raises(Refused) as refusal:
            operations.register_person(session, facts(given_name="Ivo", municipality=PARABIAGO), actor=worker)
        assert refusal.value.code == "out_of_reach"
        with pytest.raises(AccessDenied):
            operations.register_person(session, facts(health_notes="asma"), actor=worker)


def test_somebody_known_but_out_of_reach_is_refused_without_a_code(staffed: World) -> None:
    with staffed.write() as session:
        worker = staffed.actor(session, "canegrate")
        with pytest.raises(Refused) as refusal:
            operations.register_person(session, facts(tax_code=OTHER_TAX_CODE, tax_code_reason=""), actor=worker)
        assert refusal.value.message == (
            "Questa persona è già registrata nel distretto. Chiedi a chi coordina il servizio."
        )


@pytest.mark.parametrize(
    ("words", "expected"),
    [("ferrari", [LUCIA]), ("de luc", [LUCIA]), ("luci xx", []), (TAX_CODE.lower(), [LUCIA]), ("popescu", [ION])],
)
def test_search_finds_words_by_their_beginning_and_tax_codes_whole(
    staffed: World, words: str, expected: list[str]
) -> None:
    with staffed.write() as session:
        cora = staffed.actor(session, "cora")
        assert [row.title for row in queries.listing(session, cora, Wanted(words=words)).rows] == expected


def test_what_is_masked_is_not_found_by_its_content(staffed: World) -> None:
    with staffed.write() as session:
        whole = staffed.actor(session, "cora")
        masked = [
            access.Grant(g.resource, g.action, scope=g.scope, field_groups={"plain": "read", "personal": "mask"})
            for g in whole.grants
            if g.action == "read" and g.resource in {PERSON, CASE}
        ]
        actor = access.Actor(whole.account_id, "", "account", whole.district_id, tuple(masked))
        page = queries.listing(session, actor, Wanted())
        titles = [row.title for row in page.rows]
        assert titles == sorted((row.person.code for row in page.rows), reverse=True)
        assert len(titles) == 2
        assert queries.listing(session, actor, Wanted(words="ferrari")).rows == ()
        assert queries.listing(session, actor, Wanted(words=TAX_CODE)).rows == ()
        exported = exports.exported(session, page.rows[0])
        assert {"given_name", "family_name", "tax_code", "birth_date"} <= set(exported["masked"])
        assert "tax_code" not in exported


def test_the_filters_narrow_the_list(staffed: World) -> None:
    with staffed.write() as session:
        cora, teo = staffed.actor(session, "cora"), staffed.actor(session, "teo")
        case = case_of(session)
        operations.close_case(session, case, actor=cora, reason="completed")

        def titles(**wanted: object) -> list[str]:
            return [row.title for row in queries.listing(session, cora, Wanted(**wanted)).rows]  # type: ignore[arg-type]

        assert titles(state="closed") == [LUCIA]
        assert titles(state="open") == []
        assert titles(municipality=PARABIAGO) == [ION]
        assert titles(mine=True) == []
        assert [row.title for row in queries.listing(session, teo, Wanted(mine=True)).rows] == []


def test_the_list_is_cut_into_pages(staffed: World) -> None:
    with staffed.write() as session:
        cora = staffed.actor(session, "cora")
        pages = [queries.listing(session, cora, Wanted(page=n, page_size=1)) for n in (1, 2, 3)]
        assert [(len(page.rows), page.has_more) for page in pages] == [(1, True), (1, False), (0, False)]


def test_a_person_out_of_reach_is_not_found_by_code(staffed: World) -> None:
    with staffed.write() as session:
        code = case_of(session, "-0002").person.code
        with pytest.raises(NotFound):
            queries.person_by_code(session, staffed.actor(session, "teo"), code)
        assert queries.person_by_code(session, staffed.actor(session, "cora"), code).code == code


def test_a_body_that_shares_no_basis_gets_no_place(staffed: World) -> None:
    staffed.hire("manuela", "case_manager", body="cps")
    with staffed.write() as session:
        account = session.get_one(Account, staffed.accounts["manuela"])
        case = case_of(session)
        body = session.scalars(select(Organisation.id).where(Organisation.key == "cps")).one()
        with pytest.raises(Refused):
            teams.assign(session, case, "case_manager", account, actor=staffed.system(), organisation_id=body)
        share(session, case.person, body, actor=staffed.system(), basis="public_task")
        teams.assign(session, case, "case_manager", account, actor=staffed.system(), organisation_id=body)
        assert seen(staffed, session, "manuela") == [LUCIA]


def test_the_own_account_opens_one_file(staffed: World) -> None:
    with staffed.write() as session:
        mine = queries.my_person(session, staffed.actor(session, "lucia"))
        assert mine is not None
        assert mine.id == case_of(session).person_id
        other = session.scalars(select(Person).where(Person.id != mine.id)).one()
        with pytest.raises(Refused):
            operations.link_account(session, other, staffed.accounts["lucia"], actor=staffed.system())


def here(session: Session) -> DistrictSnapshot:
    found = snapshots.by_id(session, session.info["district"])
    assert found is not None
    return found


def test_a_body_takes_no_list_away_without_a_basis_for_each_person(staffed: World) -> None:
    grant = access.Grant
    with staffed.write() as session:
        case = case_of(session, "-0002")
        rights = tuple(
            grant(resource, action, scope="organisation", organisation_id=case.organisation_id)
            for resource in (PERSON, CASE)
            for action in ("read", "export")
        )
        taker = access.Actor(staffed.accounts["cps"], "cps", "account", staffed.numbers[HERE], rights)
        wanted = Wanted()
        with pytest.raises(Refused, match="non ha una base valida"):
            exports.answer(session, taker, here(session), wanted, "csv")
        assert case.organisation_id is not None
        share(session, case.person, case.organisation_id, actor=staffed.system(), basis="public_task")
        assert exports.answer(session, taker, here(session), wanted, "csv").status_code == 200


def test_restricted_data_are_neither_closed_nor_linked_to_an_account(staffed: World) -> None:
    with staffed.write() as session:
        case = case_of(session, "-0002")
        session.add(Restriction(subject_id=case.person_id, who="prova"))
        session.flush()
        with pytest.raises(Refused):
            operations.close_case(session, case, actor=staffed.system(), reason="completed")
        with pytest.raises(Refused):
            operations.link_account(session, case.person, staffed.accounts["teo"], actor=staffed.system())
        operations.link_account(session, case.person, None, actor=staffed.system())
