"""The list against a slow oracle that asks row by row; where people live; why cases close; for whom one works."""

from __future__ import annotations

from dataclasses import replace

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from core import access, audit, teams
from core.access import Actor, Grant
from core.access.models import Account
from core.districts import places, snapshots
from core.districts.models import Organisation
from core.districts.vocabularies import Term
from core.errors import Invalid, Refused
from plugins.intake import forms, operations, queries
from plugins.intake.models import Case, Person
from plugins.intake.permissions import CASE, PERSON
from plugins.intake.queries import Row, Wanted
from tests.plugins.intake.world import CANEGRATE, HERE, PARABIAGO, World, facts

GROUPS = {"plain": "read", "personal": "read", "special": "mask"}
FAMILIES = ("D’Amico", "De-Luca", "Rossi", "Rossini", "Àlvarez", "Bianchi")


@pytest.fixture
def people(world: World) -> World:
    """Thirty persons of two municipalities in three states; Teo is tutor of every fourth, and was of every fifth."""
    world.hire("teo", "tutor")
    with world.write() as session:
        account = session.get_one(Account, world.accounts["teo"])
        for number in range(30):
            known = facts(
                given_name="Ion" if number % 2 else "Lucia",
                family_name=FAMILIES[number % len(FAMILIES)] + "a" * (number // 6),
                municipality=CANEGRATE if number % 3 else PARABIAGO,
            )
            case = operations.register_person(session, known, actor=world.system())
            if number % 4 == 0:
                teams.assign(session, case, "tutor", account, actor=world.system())
            if number % 5 == 0:
                operations.close_case(session, case, actor=world.system(), reason="completed")
            if number % 10 == 0:
                operations.register_again(session, case.person, actor=world.system())
    return world


def mixed(world: World, session: Session, *scopes: str) -> Actor:
    """Teo with a grant of each scope on persons and, but for the last one, on cases."""
    teo = world.actor(session, "teo")
    held = {"functions": ("tutor",), "municipality": CANEGRATE, "field_groups": GROUPS}
    persons = [Grant(PERSON, "read", scope=scope, **held) for scope in scopes]  # type: ignore[arg-type]
    cases = [Grant(CASE, "read", scope=scope, **held) for scope in scopes[:-1] or scopes]  # type: ignore[arg-type]
    return replace(teo, grants=(*persons, *cases))


def oracle(session: Session, actor: Actor, wanted: Wanted) -> list[tuple[str, str | None]]:
    """Codes of persons and visible cases, each row asked for on its own, in the order of names."""
    found = []
    for person in session.scalars(select(Person)).all():
        if not access.allowed(actor, "read", person):
            continue
        case = operations.current_case(session, person)
        case = case if case is not None and access.allowed(actor, "read", case) else None
        words = person.sort_name.split()
        asked = operations.name_words(wanted.words)
        if not all(any(word.startswith(one) for word in words) for one in asked):
            continue
        if wanted.state and (case is None or case.state != wanted.state):
            continue
        found.append((person, case))
    found.sort(key=lambda pair: (pair[0].sort_name, pair[0].id))
    return [(person.code, case.code if case else None) for person, case in found]


def every_page(session: Session, actor: Actor, wanted: Wanted) -> list[Row]:
    rows: list[Row] = []
    for number in range(1, 20):
        page = queries.listing(session, actor, replace(wanted, page=number))
        rows += page.rows
        if not page.has_more:
            return rows
    raise AssertionError("the list does not end")


@pytest.mark.parametrize("common", [2, 2_000])
@pytest.mark.parametrize("scopes", [("all",), ("team",), ("municipality", "team"), ("team", "emergency", "own")])
def test_pages_hold_what_is_allowed_row_by_row_in_the_order_of_names(
    people: World, scopes: tuple[str, ...], common: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(queries, "COMMON", common)
    asked = [Wanted(page_size=7), *(Wanted(words=words, page_size=7) for words in ("ross", "amico", "luca ion", "xx"))]
    asked += [Wanted(state=state, page_size=7) for state in ("registered", "closed", "open")]
    with people.database.read(people.numbers[HERE]) as session:
        actor = mixed(people, session, *scopes)
        for wanted in asked:
            rows = every_page(session, actor, wanted)
            told = [(row.person.code, row.case.code if row.case else None) for row in rows]
            assert told == oracle(session, actor, wanted), wanted
            assert all(row.rights == access.fields(actor, row.person) for row in rows)


def test_somebody_may_live_outside_the_district_but_in_one_place(small_world: World) -> None:
    with small_world.write() as session:
        system = small_world.system()
        case = operations.register_person(session, facts(other_municipality="Magenta"), actor=system)
        person = case.person
        assert (person.municipality, person.other_municipality) == ("", "Magenta")
        both = facts(municipality=CANEGRATE, other_municipality="Magenta")
        with pytest.raises(Invalid) as refusal:
            operations.register_person(session, both, actor=system)
        assert [(error.field, error.code) for error in refusal.value.errors] == [("other_municipality", "two_places")]
        operations.change_person(session, person, {"municipality": CANEGRATE}, actor=system, version=person.version)
        assert (person.municipality, person.other_municipality) == (CANEGRATE, "")


def test_a_model_names_its_own_reasons_to_close_and_old_ones_keep_their_words(small_world: World) -> None:
    with small_world.write() as session:
        district = snapshots.by_id(session, small_world.numbers[HERE])
        assert district is not None
        assert set(forms.close_reasons(district)) == set(forms.CLOSE_REASONS)
        own = {"moved": Term("moved", {"it": "si è trasferita"})}
        named = replace(district, vocabularies={forms.CLOSE_VOCABULARY: own})
        assert forms.close_reasons(named) == {"moved": {"it": "si è trasferita"}}
        assert forms.close_label(named, "completed") == "il percorso è finito"
        assert forms.close_label(named, "moved") == "si è trasferita"
        assert forms.close_label(named, "gone") == "gone"


def test_who_works_for_a_body_outside_the_register_is_told_what_to_do(small_world: World) -> None:
    small_world.hire("teo", "tutor")
    with small_world.write() as session:
        body = session.scalars(select(Organisation).order_by(Organisation.key)).first()
        assert body is not None
        held = {"scope": "team", "functions": ("tutor",), "organisation_id": body.id, "field_groups": GROUPS}
        actions = ("read", "create", "change")
        grants = [Grant(resource, action, **held) for resource in (PERSON, CASE) for action in actions]  # type: ignore[arg-type]
        actor = replace(small_world.actor(session, "teo"), grants=tuple(grants))
        with pytest.raises(Refused) as refusal, session.begin_nested():
            operations.register_person(session, facts(), actor=actor)
        assert refusal.value.code == "no_basis"
        assert "registro dei trattamenti" in refusal.value.message
        assert "protezione dei dati" in refusal.value.message


def test_the_audit_tells_the_body_for_which_somebody_acts(small_world: World) -> None:
    small_world.hire("ser", "service_referent", body="cps")
    with small_world.write() as session:
        body = session.scalars(select(Organisation).where(Organisation.key == "cps")).one()
        assert places.body_names(session, frozenset({body.id})) == body.name
        case = small_world.register(session)
        actor = small_world.actor(session, "ser")
        audit.note(session, actor, "view", resource=CASE, object_id=case.id, subject_id=case.person_id)
        entry = audit.entries(session, object_id=case.id, kinds=["view"], limit=1)[0]
        assert entry.organisation == body.name
        assert session.scalars(select(Case)).one() is case
