from __future__ import annotations

from datetime import timedelta

import pytest
import sqlalchemy as sa

from core import clock
from core.access import Actor, Grant, load_actor
from core.access.members import add_membership, end_membership
from core.access.models import Account, Membership, Role, RoleGrant, RoleHolder
from core.access.operations import give_role, replace_roles, take_role
from core.access.permissions import PORTAL_GRANTS
from core.access.queries import account_by_email, roles_of
from core.accounts.operations import (
    create_account,
    disable_account,
    enable_account,
    set_password,
    set_portal_admin,
)
from core.accounts.passwords import hash_password, outdated, verify
from core.db import Database
from core.errors import AccessDenied, ConfigError, Invalid, NotFound, Refused, TenancyError
from tests.core.access.world import CHEAP, HERE, PASSWORD, THERE, add_account, system, worker

HEAD = {
    "key": "head",
    "label": {"it": "Responsabile"},
    "grants": [{"resource": "core.account", "actions": ["read", "manage"], "states": [], "scope": "all"}],
}
EDITOR = {
    "key": "editor",
    "label": {"it": "Redazione"},
    "grants": [{"resource": "guide", "actions": ["read", "publish"], "states": ["draft"], "scope": "own"}],
}
VISITOR = {"key": "visitor", "label": {"it": "Chi visita il sito"}, "visitor": True, "grants": []}


def with_head(database: Database) -> Account:
    """A district with its one administrator."""
    account = add_account(database, "head@example.it")
    with database.write(HERE) as session:
        replace_roles(session, [HEAD, EDITOR, VISITOR])
        give_role(session, account, "head", actor=system())
    return account


def test_an_address_is_stored_folded_and_found_whatever_its_capitals(place: Database) -> None:
    add_account(place, "  Ada.Rossi@Example.IT ")
    with place.read(None) as session:
        found = account_by_email(session, "ADA.ROSSI@example.it")
    assert found is not None
    assert found.email == "ada.rossi@example.it"


@pytest.mark.parametrize(
    ("email", "name", "password", "field"),
    [
        ("ada", "Ada", PASSWORD, "email"),
        ("ada@example.it\x00", "Ada", PASSWORD, "email"),
        ("a" * 250 + "@example.it", "Ada", PASSWORD, "email"),
        ("taken@example.it", "Ada", PASSWORD, "email"),
        ("ada@example.it", "  ", PASSWORD, "name"),
        ("ada@example.it", "A" * 121, PASSWORD, "name"),
        ("ada@example.it", "Ada", "undici paro", "password"),
        ("ada@example.it", "Ada", "a" * 257, "password"),
        ("ada@example.it", "Ada", "aaaaaaaaaaaaaaaa", "password"),
        ("ada.di.rossi@example.it", "Ada", "Ada.di.rossi", "password"),
    ],
)
def test_a_wrong_account_is_refused_field_by_field(
    lite: Database, email: str, name: str, password: str, field: str
) -> None:
    add_account(lite, "taken@example.it")
    with lite.write(None) as session, pytest.raises(Invalid) as refusal:
        create_account(session, email=email, name=name, actor=system(None), password=password, hashing=CHEAP)
    assert [error.field for error in refusal.value.errors] == [field]


def test_passwords_are_argon2id_at_the_cost_owasp_recommends() -> None:
    stored = hash_password(PASSWORD)
    assert stored.startswith("$argon2id$v=19$m=19456,t=2,p=1$")
    assert verify(stored, PASSWORD)
    assert not verify(stored, PASSWORD + " ")
    assert not verify(None, PASSWORD)
    assert not verify("no hash at all", PASSWORD)
    assert outdated(stored, CHEAP)
    assert not outdated(stored)


def test_a_new_password_ends_the_sessions_of_the_account(lite: Database) -> None:
    account = add_account(lite, "ada@example.it")
    before = account.fs_uniquifier
    with lite.write(None) as session:
        stored = session.get_one(Account, account.id)
        set_password(session, stored, "un altro tram giallo", actor=system(None), hashing=CHEAP)
        assert stored.fs_uniquifier != before
        assert verify(stored.password, "un altro tram giallo")


def test_everybody_may_change_the_own_password_and_nobody_elses(lite: Database) -> None:
    mine, foreign = add_account(lite, "ada@example.it"), add_account(lite, "bea@example.it")
    with lite.write(None) as session:
        me = load_actor(session, mine.id)
        set_password(session, session.get_one(Account, mine.id), "un altro tram giallo", actor=me, hashing=CHEAP)
        with pytest.raises(AccessDenied):
            set_password(session, session.get_one(Account, foreign.id), "un altro tram giallo", actor=me)


def test_giving_a_role_makes_a_member_and_twice_is_once(place: Database) -> None:
    account = with_head(place)
    with place.write(HERE) as session:
        first = give_role(session, account, "editor", actor=system())
        assert give_role(session, account, "editor", actor=system()).id == first.id
        assert [role.key for role in roles_of(session, account.id)] == ["editor", "head"]
        assert session.scalar(sa.select(sa.func.count()).select_from(Membership)) == 1


def test_a_role_that_does_not_exist_is_refused_naming_those_that_do(lite: Database) -> None:
    account = with_head(lite)
    with lite.write(HERE) as session:
        with pytest.raises(NotFound, match="Ruoli del distretto: editor, head"):
            give_role(session, account, "pope", actor=system())
        with pytest.raises(NotFound, match="non ha il ruolo"):
            take_role(session, account, "editor", actor=system())
        with pytest.raises(Refused, match="vale già per tutti"):
            give_role(session, account, "visitor", actor=system())


def test_a_period_ends_after_it_begins(lite: Database) -> None:
    account, now = with_head(lite), clock.now()
    with lite.write(HERE) as session:
        for end in (now, now - timedelta(seconds=1)):
            with pytest.raises(Invalid, match="dopo l'inizio"):
                give_role(session, account, "editor", actor=system(), valid_from=now, valid_to=end)
            with pytest.raises(Invalid, match="dopo l'inizio"):
                add_membership(session, account, actor=system(), valid_from=now, valid_to=end)


def test_the_last_administrator_of_a_district_stays_whatever_the_door(place: Database) -> None:
    account = with_head(place)
    with place.write(HERE) as session:
        stored = session.get_one(Account, account.id)
        doors = (
            lambda: take_role(session, stored, "head", actor=system()),
            lambda: end_membership(session, stored, actor=system()),
            lambda: disable_account(session, stored, actor=system()),
            lambda: replace_roles(session, [EDITOR]),
        )
        for door in doors:
            with pytest.raises(Refused, match="unica persona che amministra il distretto"):
                door()
    with place.read(HERE) as session:
        assert load_actor(session, account.id).grants[0].resource == "core.account"


def test_an_administrator_may_go_when_another_is_there(lite: Database) -> None:
    first, second = with_head(lite), add_account(lite, "second@example.it")
    with lite.write(HERE) as session:
        give_role(session, second, "head", actor=system())
        take_role(session, first, "head", actor=system())
    with lite.read(HERE) as session:
        assert roles_of(session, first.id) == []


def test_the_last_portal_administrator_stays(place: Database) -> None:
    account = add_account(place, "capo@example.it", portal_admin=True)
    with place.write(None) as session:
        stored = session.get_one(Account, account.id)
        with pytest.raises(Refused, match="unica persona che amministra il portale"):
            disable_account(session, stored, actor=system(None))
        with pytest.raises(Refused, match="unica persona che amministra il portale"):
            set_portal_admin(session, stored, portal_admin=False, actor=system(None))
        assert stored.active
        assert stored.is_portal_admin
    other = add_account(place, "vice@example.it", portal_admin=True)
    with place.write(None) as session:
        actor = load_actor(session, other.id, two_factor=True)
        disable_account(session, session.get_one(Account, account.id), actor=actor)
        enable_account(session, session.get_one(Account, account.id), actor=actor)


def test_who_manages_no_accounts_changes_none(lite: Database) -> None:
    account = with_head(lite)
    reader = worker(account.id, Grant("core.account", "read"), Grant("guide", "manage"))
    with lite.write(HERE) as session:
        stored = session.get_one(Account, account.id)
        for refused in (
            lambda: create_account(session, email="x@example.it", name="X", actor=reader),
            lambda: disable_account(session, stored, actor=reader),
            lambda: give_role(session, stored, "editor", actor=reader),
            lambda: take_role(session, stored, "head", actor=reader),
            lambda: add_membership(session, stored, actor=reader),
            lambda: replace_roles(session, [EDITOR], actor=reader),
        ):
            with pytest.raises(AccessDenied):
                refused()


def test_a_district_administrator_has_no_say_beyond_the_district(place: Database) -> None:
    head = with_head(place)
    shared, boss = add_account(place, "ada@example.it"), add_account(place, "capo@example.it", portal_admin=True)
    with place.write(THERE) as session:
        add_membership(session, shared, actor=system(THERE))
    with place.write(HERE) as session:
        actor = load_actor(session, head.id)
        give_role(session, shared, "editor", actor=actor)
        for foreign in (shared, boss):
            with pytest.raises(AccessDenied):
                set_password(session, session.get_one(Account, foreign.id), PASSWORD, actor=actor)
        with pytest.raises(AccessDenied):
            create_account(session, email="x@example.it", name="X", actor=actor, portal_admin=True)
        with pytest.raises(AccessDenied):
            set_portal_admin(session, session.get_one(Account, head.id), portal_admin=True, actor=actor)
    with place.write(THERE) as session, pytest.raises(AccessDenied):
        give_role(session, session.get_one(Account, shared.id), "editor", actor=actor)


def test_roles_belong_to_a_district_session(lite: Database) -> None:
    account = with_head(lite)
    with lite.write(None) as session, pytest.raises(TenancyError):
        give_role(session, account, "editor", actor=system(None))


def test_the_portal_administrator_gives_roles_in_any_district(lite: Database) -> None:
    account = with_head(lite)
    boss = Actor(None, "Capo", "account", HERE, PORTAL_GRANTS, portal_admin=True)
    with lite.write(HERE) as session:
        give_role(session, account, "editor", actor=boss)
        assert len(roles_of(session, account.id)) == 2


def test_applying_the_same_roles_again_changes_nothing(place: Database) -> None:
    with_head(place)
    with place.write(HERE) as session:
        before = set(session.scalars(sa.select(RoleGrant.id)))
        changes = replace_roles(session, [HEAD, EDITOR, VISITOR])
        assert (changes.added, changes.changed, changes.retired) == ((), (), ())
        assert set(session.scalars(sa.select(RoleGrant.id))) == before


def test_a_changed_role_gets_its_new_grants_and_keeps_its_holders(place: Database) -> None:
    account = with_head(place)
    broader = {**HEAD, "grants": [*HEAD["grants"], {"resource": "guide", "actions": ["read"], "scope": "all"}]}
    with place.write(HERE) as session:
        assert replace_roles(session, [broader, EDITOR, VISITOR]).changed == ("head",)
    with place.read(HERE) as session:
        held = {(grant.resource, grant.action) for grant in load_actor(session, account.id).grants}
    assert held == {("core.account", "manage"), ("core.account", "read"), ("guide", "read")}


def test_a_role_that_leaves_the_model_goes_or_stays_empty_while_held(place: Database) -> None:
    account = with_head(place)
    with place.write(HERE) as session:
        give_role(session, account, "editor", actor=system())
        assert sorted(replace_roles(session, [HEAD]).retired) == ["editor", "visitor"]
        assert {role.key: role.origin for role in session.scalars(sa.select(Role))} == {
            "head": "model",
            "editor": "retired",
        }
        assert session.scalar(sa.select(sa.func.count()).select_from(RoleHolder)) == 2
        assert replace_roles(session, [HEAD, EDITOR]).changed == ("editor",)


def test_roles_of_one_district_leave_those_of_another_alone(place: Database) -> None:
    with_head(place)
    with place.write(THERE) as session:
        replace_roles(session, [EDITOR])
        replace_roles(session, [])
    with place.read(HERE) as session:
        assert len(session.scalars(sa.select(Role)).all()) == 3


@pytest.mark.parametrize(
    ("role", "key", "problem"),
    [
        ({"key": "x", "label": {"en": "X"}}, "roles.x.label", "the Italian name is missing"),
        ({"label": {"it": "X"}}, "roles.1.key", "a text of 1 to 60 characters"),
        ({"key": "x", "label": {"it": "X"}, "vistor": True}, "roles.x.vistor", "the key is unknown"),
        ({"key": "x", "label": {"it": "X"}, "visitor": "yes"}, "roles.x.visitor", "neither true nor false"),
    ],
)
def test_a_broken_role_names_file_key_and_remedy(
    lite: Database, role: dict[str, object], key: str, problem: str
) -> None:
    with lite.write(HERE) as session, pytest.raises(ConfigError, match=problem) as refusal:
        replace_roles(session, [role], file="models/x/roles.toml")
    assert (refusal.value.file, refusal.value.key) == ("models/x/roles.toml", key)
    assert refusal.value.remedy


@pytest.mark.parametrize(
    ("grant", "key"),
    [
        ({"actions": ["read"], "scope": "all"}, "resource"),
        ({"resource": "guide", "actions": [], "scope": "all"}, "actions"),
        ({"resource": "guide", "actions": "read", "scope": "all"}, "actions"),
        ({"resource": "guide", "actions": ["read"]}, "scope"),
        ({"resource": "guide", "actions": ["read"], "scope": "evrything"}, "scope"),
        ({"resource": "guide", "actions": ["read"], "scope": "installation"}, "scope"),
        ({"resource": "guide", "actions": ["read"], "scope": "all", "states": [1]}, "states"),
        ({"resource": "guide", "actions": ["read"], "scope": "all", "state": []}, "state"),
        ({"resource": "guide", "actions": ["read"], "scope": "all", "field_groups": {"x": "see"}}, "field_groups"),
    ],
)
def test_a_broken_grant_names_its_key(lite: Database, grant: dict[str, object], key: str) -> None:
    with lite.write(HERE) as session, pytest.raises(ConfigError) as refusal:
        replace_roles(session, [{"key": "x", "label": {"it": "X"}, "grants": [grant]}])
    assert refusal.value.key == f"roles.x.grants.1.{key}"


def test_a_role_written_twice_is_refused(lite: Database) -> None:
    with lite.write(HERE) as session, pytest.raises(ConfigError, match="written twice"):
        replace_roles(session, [EDITOR, EDITOR])
