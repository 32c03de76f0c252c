"""Functions, second factor, tokens, places of a role, and who may change what in roles."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
import sqlalchemy as sa

from core import access, clock
from core.access import Actor, Grant, Permission, load_actor, registry
from core.access.declared import problem_of
from core.access.functions import function, functions_of
from core.access.impact import gained, impact_of
from core.access.models import Account, Role, RoleHolder
from core.access.operations import change_role, give_role, make_role, replace_roles, retire_role, take_role
from core.access.queries import narrow
from core.access.rolerows import stored_spec
from core.access.rolespecs import GrantSpec, RoleSpec, role_specs
from core.audit.models import AuditEntry
from core.db import Database, uuid7
from core.districts.models import Organisation
from core.errors import ConfigError, Conflict, Invalid, PluginError, Refused
from tests.core.access.world import HERE, Dossier, Sheet, add_account, system

NOON = datetime(2026, 5, 4, 12, tzinfo=UTC)
X, Y = uuid7(), uuid7()
registry.register_permissions([Permission("guide", "change", field_groups=("personal", "special"))])
MANAGE = {"resource": "core.account", "actions": ["manage"], "scope": "all"}
MANAGE_ROLES = {"resource": "core.role", "actions": ["read", "manage"], "scope": "all"}
HEAD = {"key": "head", "label": {"it": "Responsabile"}, "grants": [MANAGE, MANAGE_ROLES]}
TUTOR = {
    "key": "tutor",
    "label": {"it": "Tutor"},
    "functions": ["tutor"],
    "two_factor": True,
    "grants": [{"resource": "guide", "actions": ["read"], "scope": "all", "field_groups": {"personal": "read"}}],
}
READER = {
    "key": "reader",
    "label": {"it": "Chi legge"},
    "grants": [{"resource": "guide", "actions": ["read"], "scope": "all"}],
}
REFERENT = {"key": "referent", "label": {"it": "Referente"}, "functions": ["municipality_referent"], "grants": []}
FUNCTIONS = [{"key": "municipality_referent", "label": {"it": "Referente unico"}, "unique": "municipality"}]


def prepared(database: Database, *roles: dict[str, Any]) -> None:
    with database.write(HERE) as session:
        replace_roles(session, [*roles, HEAD], functions=FUNCTIONS)


def person(database: Database, *roles: str, name: str = "ada") -> UUID:
    account = add_account(database, f"{name}@example.it")
    with database.write(HERE) as session:
        for role in roles:
            give_role(session, session.get_one(Account, account.id), role, actor=system())
    return account.id


def granted(database: Database, account: UUID, **how: Any) -> Actor:
    with database.read(HERE) as session:
        return load_actor(session, account, **how)


def spec(database: Database, key: str) -> tuple[RoleSpec, int]:
    with database.read(HERE) as session:
        role = session.scalars(sa.select(Role).where(Role.key == key)).one()
        return stored_spec(session, role), role.version


def with_grant(role: RoleSpec, *grants: GrantSpec) -> RoleSpec:
    return RoleSpec(role.key, role.label, role.visitor, (*role.grants, *grants), role.functions, role.two_factor)


# --- second factor and tokens ----------------------------------------------------------------------------------------


def test_a_role_with_two_factor_gives_nothing_until_the_login_has_passed_it(place: Database) -> None:
    prepared(place, TUTOR, READER)
    who = person(place, "tutor", "reader")
    before, after = granted(place, who), granted(place, who, two_factor=True)
    assert ([g.role for g in before.grants], before.needs_two_factor) == (["reader"], True)
    assert (sorted(g.role for g in after.grants), after.needs_two_factor) == (["reader", "tutor"], False)
    assert not granted(place, person(place, "reader", name="bea")).needs_two_factor


def test_a_token_narrows_what_its_owner_may_do_and_never_adds() -> None:
    grants = (Grant("*", "read"), Grant("*", "change"), Grant("intake.case", "read", scope="team"))
    assert narrow(grants, ["service:read"]) == (Grant("service", "read"),)
    assert narrow(grants, ["*:read"]) == (Grant("*", "read"), Grant("intake.case", "read", scope="team"))
    assert narrow(grants, ["intake.case:read"]) == (Grant("intake.case", "read", scope="team"),)
    assert narrow(grants, ["intake.person:read", "service:publish", "", "*", ":read"]) == ()
    assert narrow(grants, []) == ()


def test_a_token_of_a_portal_administrator_administers_nothing(place: Database) -> None:
    prepared(place, READER)
    boss = add_account(place, "boss@example.it", portal_admin=True)
    whole = granted(place, boss.id, two_factor=True)
    token = granted(place, boss.id, two_factor=True, only=["guide:read"])
    assert whole.portal_admin
    assert access.may(whole, "manage", "core.role")
    assert not token.portal_admin
    assert token.grants == ()


# --- places ----------------------------------------------------------------------------------------------------------


def test_a_role_held_for_one_body_reaches_nothing_of_another() -> None:
    scope = registry.held_for_organisation(Dossier.owner)
    grants = [Grant("guide", "read", scope="organisation", organisation_id=body) for body in (X, Y, None)]
    actor = Actor(uuid7(), "", "account", HERE)
    bound = [list(scope(actor, NOON, grant).compile().params.values()) for grant in grants]
    assert bound == [[X], [Y], []]
    assert str(scope(actor, NOON, grants[2])) == "false"


def test_one_role_held_for_two_bodies_is_two_grants(place: Database) -> None:
    prepared(place, READER)
    account = add_account(place, "ada@example.it")
    with place.write(HERE) as session:
        row = session.get_one(Account, account.id)
        for body in (X, Y):
            session.add(Organisation(id=body, key=str(body), name="E", kind="company", status="confirmed", position=0))
        session.flush()
        for body in (X, Y, X):
            give_role(session, row, "reader", actor=system(), organisation_id=body)
        assert session.scalar(sa.select(sa.func.count()).select_from(RoleHolder)) == 2
    assert {g.organisation_id for g in granted(place, account.id).grants} == {X, Y}


def test_a_scope_is_placed_or_not_and_never_both() -> None:
    scope = registry.held_for_municipality(Dossier.state)
    with pytest.raises(PluginError, match="'own' exists already"):
        registry.add_placed_scope(Sheet, "own", scope)
    with pytest.raises(PluginError, match="'all' exists already"):
        registry.register_entity(Sheet, resource="accesstest.sheet", placed={"all": scope})


def test_a_holding_begins_and_ends_at_its_moments(place: Database) -> None:
    prepared(place, READER)
    with clock.at(NOON - timedelta(days=1)):
        account = add_account(place, "ada@example.it")
        with place.write(HERE) as session:
            row = session.get_one(Account, account.id)
            end = NOON + timedelta(days=7)
            give_role(session, row, "reader", actor=system(), valid_from=NOON, valid_to=end)
    for moment, holds in ((NOON - second(), False), (NOON, True), (end - second(), True), (end, False)):
        with clock.at(moment):
            actor = granted(place, account.id)
            assert bool(actor.grants) is holds, moment
            assert all((g.held_from, g.held_to) == (NOON, end) for g in actor.grants)


def second() -> timedelta:
    return timedelta(seconds=1)


# --- functions -------------------------------------------------------------------------------------------------------


def test_functions_have_the_words_of_the_district_and_else_their_own(place: Database) -> None:
    prepared(place, REFERENT)
    with place.read(HERE) as session:
        assert function(session, "municipality_referent").label["it"] == "Referente unico"
        assert function(session, "municipality_referent").unique_in == "municipality"
        assert function(session, "tutor").label["en"] == "Operator-tutor"
        assert functions_of(session)["guide_worker"].unique_in == ""
        with pytest.raises(KeyError):
            function(session, "no_such")
    prepared(place, REFERENT)
    with place.write(HERE) as session:
        replace_roles(session, [REFERENT, HEAD], functions=[])
        assert function(session, "municipality_referent").unique_in == ""


@pytest.mark.parametrize(
    ("change", "key"),
    [
        ({"functions": ["wizard"]}, "roles.tutor.functions"),
        ({"two_factor": "yes"}, "roles.tutor.two_factor"),
        ({"visitor": True}, "roles.tutor.two_factor"),
    ],
)
def test_a_role_that_makes_no_sense_is_refused_by_key(change: dict[str, Any], key: str) -> None:
    with pytest.raises(ConfigError) as caught:
        role_specs([{**TUTOR, **change}])
    assert caught.value.key == key


@pytest.mark.parametrize(
    ("grant", "key"),
    [
        (GrantSpec("no.such", ("read",), "all"), "resource"),
        (GrantSpec("guide", ("fly",), "all"), "actions"),
        (GrantSpec("guide", ("read",), "everywhere"), "scope"),
        (GrantSpec("guide", ("read",), "installation"), "scope"),
        (GrantSpec("guide", ("read",), "all", ("unheard",)), "states"),
        (GrantSpec("guide", ("read",), "all", (), {"penal": "read"}), "field_groups"),
        (GrantSpec("guide", ("read", "change"), "own", (), {"personal": "mask"}), ""),
    ],
)
def test_a_grant_names_what_somebody_declares(grant: GrantSpec, key: str) -> None:
    problem = problem_of(grant)
    assert (problem.key if problem else "") == key


# --- changes ---------------------------------------------------------------------------------------------------------


def test_nobody_gives_a_role_to_herself_or_widens_the_one_she_has(place: Database) -> None:
    prepared(place, READER, TUTOR)
    head = person(place, "head")
    actor = granted(place, head)
    own, version = spec(place, "head")
    wider = with_grant(own, GrantSpec("guide", ("read",), "all", (), {"special": "read"}))
    with place.write(HERE) as session:
        with pytest.raises(Refused, match="Non puoi dare un ruolo a te"):
            give_role(session, session.get_one(Account, head), "tutor", actor=actor)
        with pytest.raises(Refused, match="Hai questo ruolo"):
            change_role(session, "head", wider, actor=actor, version=version)
        change_role(session, "reader", with_grant(*reader_and(wider)), actor=actor, version=1)
    assert granted(place, head) == actor


@pytest.mark.parametrize(
    "grant",
    [
        GrantSpec("core.account", ("manage",), "all"),
        GrantSpec("guide", ("change",), "all"),
        GrantSpec("guide", ("read",), "all", (), {"special": "read"}),
    ],
)
def test_nobody_widens_the_visitors_role_which_everybody_holds(lite: Database, grant: GrantSpec) -> None:
    visitor = {**READER, "key": "visitor", "visitor": True}
    prepared(lite, visitor)
    own, version = spec(lite, "visitor")
    actor = granted(lite, person(lite, "head"))
    for sent in (own, replace(own, visitor=False)):
        with lite.write(HERE) as session, pytest.raises(Invalid, match="Chi visita il sito"):
            change_role(session, "visitor", with_grant(sent, grant), actor=actor, version=version)


def reader_and(other: RoleSpec) -> tuple[RoleSpec, GrantSpec]:
    """The reader's role, and the last grant of another."""
    return role_specs([READER])[0], other.grants[-1]


def reads(resource: str = "guide", scope: str = "all", **groups: str) -> dict[str, Any]:
    return {"grants": [{"resource": resource, "actions": ["read"], "scope": scope, "field_groups": groups}]}


@pytest.mark.parametrize(
    ("after", "wider"),
    [
        ({"grants": []}, False),
        ({"two_factor": False}, True),
        ({"functions": ["tutor", "educator"]}, True),
        ({"functions": []}, False),
        (reads(scope="own", personal="read"), False),
        (reads(personal="mask"), False),
        # The tutor's grant names the personal group alone: the plain one is more.
        (reads(plain="read"), True),
        (reads(special="mask"), True),
        (reads(resource="*", personal="read"), True),
        ({"grants": [{"resource": "guide", "actions": ["change"], "scope": "all"}]}, True),
    ],
)
def test_wider_means_any_right_function_or_ease_more(after: dict[str, Any], wider: bool) -> None:
    before, changed = role_specs([TUTOR])[0], role_specs([{**TUTOR, **after}])[0]
    assert gained(before, changed) is wider


def test_the_impact_names_who_loses_what_and_not_who_has_it_from_another_role(place: Database) -> None:
    prepared(place, READER, TUTOR)
    person(place, "reader", name="bea")
    person(place, "reader", "tutor", name="carla")
    with place.read(HERE) as session:
        role = session.scalars(sa.select(Role).where(Role.key == "reader")).one()
        before = stored_spec(session, role)
        found = impact_of(session, role, before, RoleSpec("reader", before.label))
    assert (found.people, len(found.removed), found.added) == (2, 1, ())
    # The tutor's grant names the personal group alone: the plain one is lost to both.
    assert [len(loss.rights) for loss in found.losses] == [1, 1]


def test_two_writers_of_one_role_do_not_overwrite_each_other(place: Database) -> None:
    prepared(place, READER)
    before, version = spec(place, "reader")
    wider = with_grant(before, GrantSpec("guide", ("change",), "own"))
    with place.write(HERE) as session:
        change_role(session, "reader", wider, actor=system(), version=version)
    with place.write(HERE) as session, pytest.raises(Conflict):
        change_role(session, "reader", before, actor=system(), version=version)
    assert spec(place, "reader")[0].grants == wider.grants[::-1]


def test_what_the_console_changed_outlives_the_model_and_what_it_made_too(place: Database) -> None:
    prepared(place, READER)
    before, version = spec(place, "reader")
    with place.write(HERE) as session:
        change_role(
            session,
            "reader",
            with_grant(before, GrantSpec("guide", ("change",), "own")),
            actor=system(),
            version=version,
        )
        make_role(session, RoleSpec("night", {"it": "Notte"}, grants=before.grants), actor=system())
    prepared(place, READER)
    assert {g.actions for g in spec(place, "reader")[0].grants} == {("read",), ("change",)}
    assert spec(place, "night")[0].grants == before.grants
    with place.write(HERE) as session, pytest.raises(ConfigError, match="console has made"):
        replace_roles(session, [{**READER, "key": "night"}, HEAD])


def test_a_retired_role_is_given_to_nobody_and_the_model_does_not_bring_it_back(place: Database) -> None:
    prepared(place, READER)
    who = person(place, "reader")
    with place.write(HERE) as session:
        retire_role(session, "reader", actor=system(), version=1)
    prepared(place, READER)
    assert granted(place, who).grants == ()
    other = add_account(place, "bea@example.it")
    with place.write(HERE) as session, pytest.raises(Refused, match="non si usa più"):
        give_role(session, session.get_one(Account, other.id), "reader", actor=system())


def test_a_role_made_by_hand_names_declared_rights_and_a_key_of_its_own(place: Database) -> None:
    prepared(place, READER)
    for made, key in (
        (RoleSpec("Not a key", {"it": "X"}), "key"),
        (RoleSpec("reader", {"it": "X"}), "key"),
        (RoleSpec("fine", {"it": " "}), "label"),
        (RoleSpec("fine", {"it": "X"}, grants=(GrantSpec("no.such", ("read",), "all"),)), "grants"),
    ):
        with place.write(HERE) as session, pytest.raises(Invalid) as caught:
            make_role(session, made, actor=system())
        assert [error.field for error in caught.value.errors] == [key]


def test_the_visitor_is_never_given_protected_fields(place: Database) -> None:
    visitor = {"key": "visitor", "label": {"it": "Visitatore"}, "visitor": True}
    prepared(place, visitor)
    wider = RoleSpec("visitor", {"it": "V"}, True, (GrantSpec("guide", ("read",), "all", (), {"personal": "mask"}),))
    with place.write(HERE) as session, pytest.raises(Invalid):
        change_role(session, "visitor", wider, actor=system(), version=1)


def test_giving_and_taking_leave_a_trail_without_addresses(place: Database) -> None:
    prepared(place, READER)
    who = person(place, "reader")
    with place.write(HERE) as session:
        take_role(session, session.get_one(Account, who), "reader", actor=system())
    with place.read(HERE) as session:
        rows = session.scalars(sa.select(AuditEntry).where(AuditEntry.resource == "core.role")).all()
        acts = [(row.part, row.details.get("account")) for row in rows if row.part in {"give_role", "take_role"}]
        assert sorted(acts) == [("give_role", str(who)), ("take_role", str(who))]
        assert all("@" not in str(row.details) for row in rows)


def test_an_explanation_tells_the_role_since_when_and_the_relation(place: Database) -> None:
    prepared(place, READER)
    with clock.at(NOON):
        who = person(place, "reader")
        with place.write(HERE) as session:
            session.add(Dossier(kind="guide", state="draft", owner=None))
        with place.read(HERE) as session:
            row = session.scalars(sa.select(Dossier)).one()
            told = access.explain(load_actor(session, who), "read", row)
    assert told.verdicts[0].since == NOON
    assert told.verdicts[0].relation == "Il ruolo vale per tutto il distretto."
