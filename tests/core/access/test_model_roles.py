"""What the roles of the five models may do, after the real models are applied; expected rights are written by hand."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from functools import cache
from pathlib import Path
from uuid import UUID

import pytest
import sqlalchemy as sa

from core import access, clock, models
from core.access import Actor, load_actor
from core.access.functions import function
from core.access.models import Account, Role
from core.access.operations import give_role, hand_over_role, take_role
from core.access.queries import roles_of
from core.db import Base, Database
from core.districts import operations, snapshots
from core.districts.loading import load_model
from core.districts.models import Organisation
from core.errors import Invalid, Refused
from core.i18n import pick
from core.installation import register_definitions
from core.loader import Host
from core.records.models import Record
from core.teams.models import TeamPlace
from plugins.intake.models import Case, Person

assert models
MODELS = Path(__file__).resolve().parents[3] / "config" / "models"
LEGNANO, SAN_DONATO, PORDENONE = "legnano_sisl", "san_donato_sil", "pordenone_piano_di_zona"
IN_LAV, GUIDES = "rho_garbagnate_inlav", "guide_workers_cooperative"
HERE = 1
SYSTEM = Actor.system(HERE, "test")
#: Two municipalities of the district of Legnano.
TOWN, OTHER_TOWN = "015118", "015168"
SEES_ALL = {"plain": "read", "personal": "read", "special": "read", "penal": "read"}
CONTACTS = {"plain": "read", "personal": "read", "special": "mask", "penal": "mask"}
NAME_ALONE = {"plain": "read", "personal": "none", "special": "none", "penal": "none"}
NOTHING = dict.fromkeys(SEES_ALL, "none")


@cache
def host() -> Host:
    return Host().load()


@pytest.fixture
def database_metadata() -> sa.MetaData:
    """Every table: models are applied here."""
    return Base.metadata


@pytest.fixture(autouse=True)
def installed() -> None:
    """The shipped plugins, whatever another test named before."""
    snapshots.use(host())
    for plugin in host().plugins:
        register_definitions(host(), plugin)


@dataclass
class District:
    """A district on a real model, with the cases that a test put in it."""

    database: Database

    def holder(self, role: str, *, body: str = "", town: str = "", email: str = "") -> UUID:
        """A new account with the role."""
        with self.database.write(HERE) as session:
            account = Account(email=email or f"{role}{body}{town}@example.it", name=f"Prova {role}")
            session.add(account)
            session.flush()
            found = session.scalar(sa.select(Organisation.id).where(Organisation.key == body)) if body else None
            give_role(session, account, role, actor=SYSTEM, organisation_id=found, municipality=town)
            return account.id

    def case(self, code: str, *, body: str = "", town: str = "", account: UUID | None = None) -> UUID:
        """A case of an invented person."""
        with self.database.write(HERE) as session:
            found = session.scalar(sa.select(Organisation.id).where(Organisation.key == body)) if body else None
            person = Person(code=code, given_name="Ada", family_name="Prova", sort_name=code, account_id=account)
            person.in_charge_organisation_id, person.in_charge_municipality = found, town
            session.add(person)
            session.flush()
            case = Case(person_id=person.id, number=1, code=f"{code}/1", municipality=town, organisation_id=found)
            session.add(case)
            session.flush()
            return case.id

    def place(self, case: UUID, account: UUID, function_key: str, kind: str = "holder") -> None:
        """A place in the team of a case."""
        with self.database.write(HERE) as session:
            place = TeamPlace(resource="intake.case", object_id=case, account_id=account, function=function_key)
            place.kind, place.valid_from = kind, clock.now()
            session.add(place)

    def actor(self, account: UUID, *, two_factor: bool = True) -> Actor:
        with self.database.read(HERE) as session:
            return load_actor(session, account, two_factor=two_factor)

    def reaches(self, account: UUID, action: str = "read", entity: type[Case] | type[Person] = Case) -> set[str]:
        """The codes of the cases (or persons) on which the account may do this."""
        actor = self.actor(account)
        with self.database.read(HERE) as session:
            return {row.code.split("/")[0] for row in session.scalars(access.select(actor, entity, action))}

    def rights(self, account: UUID, case: UUID) -> dict[str, str]:
        """What the account may do with the fields of the person of a case."""
        actor = self.actor(account)
        with self.database.read(HERE) as session:
            found = session.get_one(Case, (HERE, case))
            return dict(access.fields(actor, session.get_one(Person, (HERE, found.person_id))))

    def manages(self, account: UUID) -> set[str]:
        """The resources that the account may configure."""
        return {grant.resource for grant in self.actor(account).grants if grant.action == "manage"}


@pytest.fixture
def found(sqlite_database: Database) -> Callable[[str], District]:
    """Apply a real model."""

    def apply(model: str) -> District:
        bundle = load_model(MODELS, model, host())
        operations.found_district(sqlite_database, bundle, actor=Actor.system(None, "test"))
        return District(sqlite_database)

    return apply


Found = Callable[[str], District]


@pytest.mark.parametrize("model", [LEGNANO, SAN_DONATO, PORDENONE, IN_LAV, GUIDES])
def test_who_administers_or_protects_data_or_sits_at_a_table_reads_no_case(found: Found, model: str) -> None:
    district = found(model)
    district.case("A")
    for role in ("district_admin", "editor", "table_member", "data_protection"):
        account = district.holder(role)
        assert district.reaches(account) == set(), role
        assert district.reaches(account, entity=Person) == set(), role
    visitor = Actor.visitor(HERE)
    with district.database.read(HERE) as session:
        assert session.scalars(access.select(load_actor(session, None), Case, "read")).all() == []
        assert session.scalars(access.select(visitor, Case, "read")).all() == []


@pytest.mark.parametrize("model", [LEGNANO, SAN_DONATO, PORDENONE, IN_LAV, GUIDES])
def test_the_protection_officer_reads_the_audit_and_works_the_requests(found: Found, model: str) -> None:
    district = found(model)
    actor = district.actor(district.holder("data_protection"))
    assert access.may(actor, "read", "core.audit")
    assert access.may(actor, "decide", "core.request")
    assert not access.may(actor, "manage", "core.account")
    assert not access.may(actor, "manage", "core.role")
    assert not access.may(district.actor(district.holder("district_admin")), "read", "core.audit")


@pytest.mark.parametrize("model", [LEGNANO, SAN_DONATO, PORDENONE, IN_LAV, GUIDES])
def test_roles_that_read_persons_give_nothing_without_the_second_factor(found: Found, model: str) -> None:
    district = found(model)
    district.case("A")
    with district.database.read(HERE) as session:
        keys = [role.key for role in session.scalars(sa.select(Role).where(Role.is_visitor.is_(False)))]
    for number, key in enumerate(keys):
        account = district.holder(key, town=unique_town(district, key), email=f"p{number}@example.it")
        actor = district.actor(account, two_factor=False)
        beyond_own = [g for g in actor.grants if g.resource.startswith("intake.") and g.scope != "own"]
        assert beyond_own == [], key
        passed = district.actor(account)
        assert not passed.needs_two_factor
        assert actor.needs_two_factor == (len(passed.grants) > len(actor.grants)), key


def unique_town(district: District, key: str) -> str:
    return TOWN if key == "single_referent" else ""


def test_the_coordinator_of_legnano_reads_every_case_and_hears_of_emergencies(found: Found) -> None:
    district = found(LEGNANO)
    case = district.case("A", town=TOWN)
    district.case("B", town=OTHER_TOWN)
    coordinator = district.holder("coordinator")
    assert district.reaches(coordinator) == {"A", "B"}
    for action in ("change", "assign", "supervise", "close", "export"):
        assert district.reaches(coordinator, action) == {"A", "B"}, action
    assert district.rights(coordinator, case) == dict.fromkeys(SEES_ALL, "write")
    assert district.manages(coordinator) == {"core.request", "core.retention"}


def test_a_tutor_reads_the_team_and_what_was_opened_in_an_emergency(found: Found) -> None:
    district = found(LEGNANO)
    mine, other = district.case("A"), district.case("B")
    tutor = district.holder("tutor")
    district.place(mine, tutor, "tutor")
    assert district.reaches(tutor) == {"A"}
    assert district.reaches(tutor, entity=Person) == {"A"}
    assert district.reaches(tutor, "break_glass") == {"A", "B"}
    assert district.rights(tutor, other) == NOTHING
    district.place(other, tutor, "", kind="emergency")
    assert district.reaches(tutor) == {"A", "B"}
    assert district.reaches(tutor, "change") == {"A"}
    assert district.rights(tutor, other) == {**SEES_ALL, "penal": "mask"}


def test_a_place_in_another_function_is_not_the_tutors(found: Found) -> None:
    district = found(LEGNANO)
    case, tutor = district.case("A"), district.holder("tutor")
    district.place(case, tutor, "case_manager")
    assert district.reaches(tutor) == set()


def test_a_person_reads_the_own_path_and_a_company_no_case(found: Found) -> None:
    district = found(LEGNANO)
    person, company = district.holder("person"), district.holder("company_contact")
    mine = district.case("A", account=person)
    district.case("B")
    assert district.reaches(person) == {"A"}
    assert district.rights(person, mine) == CONTACTS
    assert district.reaches(person, "change") == set()
    assert district.reaches(company) == set()


@pytest.mark.req("LEG-005")
def test_the_four_figures_of_the_work_group_reach_their_own_body_or_nothing(found: Found) -> None:
    district = found(LEGNANO)
    ours = district.case("A", body="ccs")
    district.case("B", body="csel")
    assert district.reaches(district.holder("consortium_head", body="ccs")) == set()
    area = district.holder("area_coordinator", body="ccs")
    assert district.reaches(area) == {"A"}
    assert district.rights(area, ours) == CONTACTS
    manager = district.holder("placement_manager", body="ccs")
    assert district.reaches(manager) == district.reaches(manager, "change") == {"A"}
    assert district.rights(manager, ours) == dict.fromkeys(SEES_ALL, "write")
    mediation = district.holder("mediation_coordinator", body="csel")
    assert district.reaches(mediation) == {"B"}
    assert district.rights(mediation, ours) == NOTHING
    # Without a body the role reaches nobody's cases.
    assert district.reaches(district.holder("placement_manager")) == set()


@pytest.mark.req("LEG-079")
def test_the_municipalities_speak_through_the_political_table_which_sees_no_case(found: Found) -> None:
    district = found(LEGNANO)
    district.case("A", town=TOWN)
    referent = district.holder("political_referent", town=TOWN)
    with district.database.read(HERE) as session:
        assert [pick(role.label, "it") for role in roles_of(session, referent)] == ["Componente del tavolo politico"]
    assert district.reaches(referent) == set()


@pytest.mark.req("LEG-085")
def test_the_lead_municipality_has_a_head_of_sector_and_an_administrative_referent(found: Found) -> None:
    district = found(LEGNANO)
    district.case("A", town=TOWN)
    for role in ("sector_head", "administrative_referent"):
        account = district.holder(role, body="cerro_maggiore")
        assert access.may(district.actor(account), "read", "core.parameter"), role
        assert district.reaches(account) == set(), role


@pytest.mark.req("LEG-086")
def test_a_municipality_has_one_single_referent_at_a_time(found: Found) -> None:
    district = found(LEGNANO)
    district.case("A", town=TOWN)
    district.case("B", town=OTHER_TOWN)
    first = district.holder("single_referent", town=TOWN, email="first@example.it")
    elsewhere = district.holder("single_referent", town=OTHER_TOWN, email="elsewhere@example.it")
    assert (district.reaches(first), district.reaches(elsewhere)) == ({"A"}, {"B"})
    with pytest.raises(Refused, match="Prova single_referent"):
        district.holder("single_referent", town=TOWN, email="second@example.it")
    with pytest.raises(Invalid):
        district.holder("single_referent", email="nowhere@example.it")
    second = district.holder("editor", email="second@example.it")
    with district.database.write(HERE) as session:
        account = session.get_one(Account, second)
        hand_over_role(session, account, "single_referent", actor=SYSTEM, municipality=TOWN)
    assert (district.reaches(first), district.reaches(second)) == (set(), {"A"})


@pytest.mark.req("LEG-086")
def test_a_referent_may_be_named_for_the_day_on_which_the_other_ends(found: Found) -> None:
    district = found(LEGNANO)
    district.case("A", town=TOWN)
    now, change = clock.now(), clock.now() + timedelta(days=30)
    people = [district.holder("editor", email=f"{n}@example.it") for n in range(3)]
    with district.database.write(HERE) as session:
        first, second, third = (session.get_one(Account, key) for key in people)
        town = {"actor": SYSTEM, "municipality": TOWN}
        give_role(session, first, "single_referent", valid_from=now, valid_to=change, **town)
        give_role(session, second, "single_referent", valid_from=change, **town)
        overlap = {"valid_from": change - timedelta(seconds=1), "valid_to": change}
        with pytest.raises(Refused):
            give_role(session, third, "single_referent", **overlap, **town)
        with pytest.raises(Refused):
            give_role(session, third, "single_referent", valid_from=change + timedelta(days=300), **town)
    with clock.at(change - timedelta(seconds=1)):
        assert [district.reaches(key) for key in people] == [{"A"}, set(), set()]
    with clock.at(change):
        assert [district.reaches(key) for key in people] == [set(), {"A"}, set()]


@pytest.mark.req("LEG-092")
def test_a_social_worker_sees_the_own_municipality_with_special_data_covered(found: Found) -> None:
    district = found(LEGNANO)
    here, there = district.case("A", town=TOWN), district.case("B", town=OTHER_TOWN)
    worker = district.holder("municipal_social_worker", town=TOWN)
    assert district.reaches(worker) == {"A"}
    assert district.rights(worker, here) == {**CONTACTS, "plain": "write", "personal": "write"}
    assert district.rights(worker, there) == NOTHING
    assert access.may(district.actor(worker), "create", "intake.person")
    # As the case manager in a team she reads what the team reads.
    with district.database.write(HERE) as session:
        give_role(session, session.get_one(Account, worker), "case_manager", actor=SYSTEM)
    district.place(there, worker, "case_manager")
    assert district.reaches(worker) == {"A", "B"}
    assert district.rights(worker, there) == SEES_ALL


@pytest.mark.req("LEG-097")
def test_a_case_referent_sees_the_cases_in_which_she_was_named(found: Found) -> None:
    district = found(LEGNANO)
    mine = district.case("A", body="cps")
    district.case("B", body="cps")
    manager = district.holder("case_manager", body="cps")
    district.place(mine, manager, "case_manager")
    assert district.reaches(manager) == {"A"}
    assert district.rights(manager, mine) == SEES_ALL
    with district.database.read(HERE) as session:
        assert function(session, "case_manager").unique_in == "case"


@pytest.mark.req("LEG-100")
def test_psychiatry_has_an_authorised_referent_beside_the_case_managers(found: Found) -> None:
    district = found(LEGNANO)
    ours = district.case("A", body="cps")
    district.case("B", body="sert_noa")
    referent = district.holder("service_referent", body="cps")
    assert district.reaches(referent) == {"A"}
    assert district.rights(referent, ours) == CONTACTS
    assert district.reaches(referent, "change") == set()


@pytest.mark.req("SDO-026")
def test_the_service_coordinator_is_part_of_the_team_of_san_donato(found: Found) -> None:
    district = found(SAN_DONATO)
    district.case("A")
    coordinator = district.holder("coordinator")
    assert district.reaches(coordinator) == district.reaches(coordinator, "assign") == {"A"}


@pytest.mark.req("SDO-027")
def test_an_educational_figure_has_two_functions_persons_and_network(found: Found) -> None:
    district = found(SAN_DONATO)
    by_person, by_network = district.case("A"), district.case("B")
    district.case("C")
    educator = district.holder("educator")
    district.place(by_person, educator, "educator")
    district.place(by_network, educator, "network_manager")
    assert district.reaches(educator) == {"A", "B"}
    assert district.rights(educator, by_person) == {**SEES_ALL, "plain": "write", "personal": "write", "penal": "mask"}


@pytest.mark.req("SDO-028")
def test_the_referent_of_the_social_workers_is_a_member_of_the_team(found: Found) -> None:
    district = found(SAN_DONATO)
    case, mine = district.case("A"), district.case("B")
    referent = district.holder("social_workers_referent")
    district.place(mine, referent, "social_workers_referent")
    assert district.reaches(referent) == {"A", "B"}
    assert district.rights(referent, case) == CONTACTS
    assert district.rights(referent, mine) == SEES_ALL


@pytest.mark.req("SDO-076", "SDO-082", "SDO-087", "SDO-097", "SDO-102", "SDO-106")
def test_the_subjects_of_the_phases_of_san_donato_reach_what_their_phase_needs(found: Found) -> None:
    district = found(SAN_DONATO)
    user = district.holder("person")
    case = district.case("A", account=user)
    district.case("B")
    # Phases 2 to 7: the placement manager, on every request.
    assert district.reaches(district.holder("placement_manager"), "change") == {"A", "B"}
    # Phases 2, 6 and 7: the internal tutor, once in the team; the company's human resources no case.
    tutor = district.holder("tutor")
    assert district.reaches(tutor) == set()
    district.place(case, tutor, "tutor")
    assert district.reaches(tutor, "change") == {"A"}
    assert district.reaches(district.holder("hr_manager")) == set()
    # Phases 3 and 8: the external referent of the sending service; phases 3, 4, 7 and 8: the user.
    referent = district.holder("case_manager")
    district.place(case, referent, "case_manager")
    assert district.reaches(referent) == district.reaches(user) == {"A"}


@pytest.mark.req("LAG-005")
def test_the_head_of_placements_follows_every_path_of_the_cooperative(found: Found) -> None:
    district = found(GUIDES)
    case = district.case("A")
    head = district.holder("placement_manager")
    for action in ("read", "change", "assign", "supervise", "close"):
        assert district.reaches(head, action) == {"A"}, action
    assert district.rights(head, case) == dict.fromkeys(SEES_ALL, "write")


@pytest.mark.req("LAG-007")
def test_a_path_has_one_project_referent_and_guide_workers_see_the_name_alone(found: Found) -> None:
    district = found(GUIDES)
    case, guide = district.case("A"), district.holder("guide_worker")
    district.case("B")
    district.place(case, guide, "guide_worker")
    assert district.reaches(guide) == {"A"}
    assert district.rights(guide, case) == NAME_ALONE
    with district.database.read(HERE) as session:
        assert function(session, "project_referent").unique_in == "case"
        assert function(session, "guide_worker").unique_in == ""


def test_in_lav_units_reach_the_cases_of_their_own_body(found: Found) -> None:
    district = found(IN_LAV)
    district.case("A", body="comuni_insieme")
    district.case("B", body="aei")
    for body, expected in (("comuni_insieme", {"A"}), ("aei", {"B"}), ("sercop", set())):
        unit = district.holder("placement_manager", body=body)
        assert district.reaches(unit) == district.reaches(unit, "supervise") == expected, body


def test_an_operator_of_an_ambito_reaches_the_cases_of_that_ambito(found: Found) -> None:
    district = found(PORDENONE)
    district.case("A", body="ssc_est")
    district.case("B", body="ssc_sud")
    operator = district.holder("ssc_operator", body="ssc_est")
    assert district.reaches(operator) == district.reaches(operator, "break_glass") == {"A"}


def test_a_body_that_the_district_does_not_have_is_refused(found: Found) -> None:
    district = found(LEGNANO)
    account = district.holder("editor")
    with district.database.write(HERE) as session:
        row = session.get_one(Account, account)
        with pytest.raises(Invalid):
            give_role(session, row, "tutor", actor=SYSTEM, organisation_id=account)
        with pytest.raises(Invalid):
            give_role(session, row, "tutor", actor=SYSTEM, municipality="001001")


def test_taking_a_role_takes_what_it_gave_at_once(found: Found) -> None:
    district = found(LEGNANO)
    district.case("A")
    account = district.holder("coordinator")
    assert district.reaches(account) == {"A"}
    with district.database.write(HERE) as session:
        take_role(session, session.get_one(Account, account), "coordinator", actor=SYSTEM)
    assert district.reaches(account) == set()


@pytest.mark.parametrize("model", [LEGNANO, SAN_DONATO, PORDENONE, IN_LAV, GUIDES])
def test_editors_write_content_and_nobody_without_that_role_does(found: Found, model: str) -> None:
    district = found(model)
    assert access.may(district.actor(district.holder("editor")), "publish", "service")
    for role in ("table_member", "case_manager", "data_protection", "person", "district_admin"):
        assert not access.may(district.actor(district.holder(role)), "change", "service"), role
    with district.database.read(HERE) as session:
        assert session.scalars(access.select(load_actor(session, None), Record, "change")).all() == []
