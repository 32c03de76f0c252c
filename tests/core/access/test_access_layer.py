from __future__ import annotations

from uuid import UUID

import pytest
from sqlalchemy.orm import Session

from core import access
from core.access import Actor, Grant
from core.db import Database, uuid7
from core.errors import AccessDenied, PluginError, TenancyError
from tests.core.access.world import HERE, THERE, Dossier, Sheet, system, worker

ME, OTHER = uuid7(), uuid7()


def add(database: Database, *, kind: str = "guide", state: str = "draft", owner: UUID | None = ME) -> Dossier:
    with database.write(HERE) as session:
        row = Dossier(kind=kind, state=state, owner=owner)
        session.add(row)
    return row


def seen(session: Session, actor: Actor, action: str = "read", resource: str | None = None) -> list[UUID]:
    return [row.id for row in session.scalars(access.select(actor, Dossier, action, resource))]


def test_nobody_sees_anything_without_a_grant(place: Database) -> None:
    row = add(place)
    with place.read(HERE) as session:
        assert seen(session, worker(ME)) == []
        assert seen(session, worker(ME, Grant("guide", "change"))) == []
        assert not access.allowed(worker(ME), "read", session.get_one(Dossier, (HERE, row.id)))


def test_a_grant_opens_its_resource_in_its_states_and_scope_alone(place: Database) -> None:
    mine = add(place)
    add(place, owner=OTHER)
    add(place, state="withdrawn")
    add(place, kind="course")
    actor = worker(ME, Grant("guide", "read", scope="own", states=("draft", "published")))
    with place.read(HERE) as session:
        assert seen(session, actor) == [mine.id]


def test_grants_add_up(place: Database) -> None:
    rows = [add(place), add(place, owner=OTHER, state="published"), add(place, owner=OTHER)]
    actor = worker(ME, Grant("guide", "read", scope="own"), Grant("guide", "read", scope="public"))
    with place.read(HERE) as session:
        assert sorted(seen(session, actor)) == sorted(row.id for row in rows[:2])


def test_the_star_reaches_every_record_type_but_closed_ones(place: Database) -> None:
    open_rows = [add(place), add(place, kind="course")]
    add(place, kind="secret")
    actor = worker(ME, Grant("*", "read"))
    with place.read(HERE) as session:
        assert sorted(seen(session, actor)) == sorted(row.id for row in open_rows)
        assert seen(session, actor, resource="secret") == []
    assert access.may(actor, "read", "course")
    assert not access.may(actor, "read", "secret")
    assert not access.may(actor, "read", "core.plugin")


def test_the_star_does_not_reach_resources_of_code(place: Database) -> None:
    with place.write(HERE) as session:
        session.add(Sheet(owner=ME))
    with place.read(HERE) as session:
        assert session.scalars(access.select(worker(ME, Grant("*", "read")), Sheet, "read")).all() == []
        named = worker(ME, Grant("accesstest.sheet", "read"))
        assert len(session.scalars(access.select(named, Sheet, "read")).all()) == 1


def test_a_grant_narrowed_to_states_says_nothing_about_rows_without_states(lite: Database) -> None:
    with lite.write(HERE) as session:
        session.add(Sheet(owner=ME))
    actor = worker(ME, Grant("accesstest.sheet", "read", states=("draft",)))
    with lite.read(HERE) as session:
        assert session.scalars(access.select(actor, Sheet, "read")).all() == []


def test_a_visitor_owns_nothing_not_even_what_has_no_owner(place: Database) -> None:
    add(place, owner=None)
    visitor = Actor.visitor(HERE, (Grant("guide", "read", scope="own"), Grant("guide", "read", scope="team")))
    with place.read(HERE) as session:
        assert seen(session, visitor) == []


def test_an_unknown_scope_opens_nothing(lite: Database) -> None:
    add(lite)
    with lite.read(HERE) as session:
        assert seen(session, worker(ME, Grant("guide", "read", scope="whatever"))) == []


def test_an_actor_of_one_district_is_nobody_in_another(place: Database) -> None:
    row = add(place)
    actor = worker(ME, Grant("guide", "read"), district=THERE)
    with place.read(HERE) as session:
        with pytest.raises(TenancyError):
            seen(session, actor)
        with pytest.raises(TenancyError):
            access.allowed(actor, "read", session.get_one(Dossier, (HERE, row.id)))
        nowhere = Actor(ME, "Prova", "account", None, (Grant("guide", "read"),))
        assert seen(session, nowhere) == []


def test_the_system_may_do_everything_in_its_district(place: Database) -> None:
    row = add(place)
    with place.read(HERE) as session:
        assert seen(session, system(), "anything") == [row.id]
        assert access.allowed(system(), "anything", row)
        assert not access.allowed(system(THERE), "anything", row)
        assert seen(session, system(), resource="course") == []


def test_check_judges_the_stored_row_not_what_is_about_to_be_written(place: Database) -> None:
    row = add(place, owner=OTHER)
    actor = worker(ME, Grant("guide", "change", scope="own"))
    with place.write(HERE) as session:
        stored = session.get_one(Dossier, (HERE, row.id))
        stored.owner = ME
        with pytest.raises(AccessDenied, match="no grant to change guide"):
            access.check(actor, "change", stored)
        session.rollback()


def test_check_sees_a_row_that_is_being_added(lite: Database) -> None:
    actor = worker(ME, Grant("guide", "change", scope="own"))
    with lite.write(HERE) as session:
        row = Dossier(kind="guide", state="draft", owner=ME)
        session.add(row)
        access.check(actor, "change", row)


def test_a_row_without_a_session_cannot_be_asked_about() -> None:
    with pytest.raises(ValueError, match="belongs to no session"):
        access.allowed(worker(ME, Grant("guide", "read")), "read", Dossier(kind="guide", state="draft"))


def test_field_rights_are_the_best_that_the_holding_grants_give(place: Database) -> None:
    row, foreign = add(place), add(place, owner=OTHER)
    masked = Grant("guide", "read", field_groups={"plain": "read", "personal": "mask"})
    actor = worker(ME, masked, Grant("guide", "change", scope="own", field_groups={"personal": "write"}))
    with place.read(HERE) as session:
        rights = access.fields(actor, session.get_one(Dossier, (HERE, row.id)))
        assert rights == {"plain": "read", "personal": "write", "special": "none"}
        rights = access.fields(actor, session.get_one(Dossier, (HERE, foreign.id)))
        assert rights == {"plain": "read", "personal": "mask", "special": "none"}


def test_a_grant_without_field_groups_reaches_only_plain_fields(lite: Database) -> None:
    row = add(lite)
    with lite.read(HERE) as session:
        stored = session.get_one(Dossier, (HERE, row.id))
        assert access.fields(worker(ME, Grant("guide", "change")), stored)["plain"] == "write"
        assert access.fields(worker(ME, Grant("guide", "change")), stored)["special"] == "none"
        assert set(access.fields(worker(ME), stored).values()) == {"none"}
        assert set(access.fields(system(), stored).values()) == {"write"}


def test_a_read_grant_never_lets_write(lite: Database) -> None:
    row = add(lite)
    actor = worker(ME, Grant("guide", "read", field_groups={"personal": "write"}))
    with lite.read(HERE) as session:
        assert access.fields(actor, session.get_one(Dossier, (HERE, row.id)))["personal"] == "read"


def test_a_list_learns_its_field_rights_in_its_own_query(place: Database) -> None:
    add(place)
    add(place, kind="course")
    actor = worker(ME, Grant("*", "read"), Grant("course", "change"))
    flags = access.field_flags(actor, Dossier)
    with place.read(HERE) as session:
        rows = session.execute(access.select(actor, Dossier, "read").add_columns(*flags.columns)).all()
        rights = {row[0].kind: flags.rights(row[0].kind, row[1:])["plain"] for row in rows}
    assert rights == {"guide": "read", "course": "write"}


def test_the_explanation_names_the_role_that_decides(place: Database) -> None:
    row = add(place)
    editor = Grant("guide", "read", role="editor", role_label={"it": "Redazione", "en": "Editor"})
    state = Grant("guide", "read", states=("published",), role="reader", role_label={"it": "Lettura"})
    with place.read(HERE) as session:
        told = access.explain(worker(ME, editor, state), "read", session.get_one(Dossier, (HERE, row.id)))
    assert told.allowed
    assert told.grants == (editor,)
    assert told.sentence.text() == "Prova può fare «read» su «guide» grazie a questi ruoli: Redazione."
    assert [v.reason for v in told.verdicts] == ["holds", "state"]
    assert told.verdicts[1].sentence().text() == "Il ruolo Lettura lo permette solo in questi stati: published."


def test_the_explanation_of_a_refusal_names_what_is_missing(lite: Database) -> None:
    row = add(lite, owner=OTHER)
    own = Grant("guide", "read", scope="own", role="tutor")
    with lite.read(HERE) as session:
        stored = session.get_one(Dossier, (HERE, row.id))
        narrowed = access.explain(worker(ME, own), "read", stored)
        assert (narrowed.allowed, narrowed.sentence.key, narrowed.verdicts[0].reason) == (False, "narrowed", "scope")
        absent = access.explain(worker(ME, own), "delete", stored)
        assert (absent.allowed, absent.sentence.key, absent.verdicts) == (False, "absent", ())
        assert access.explain(system(), "delete", stored).sentence.key == "system"


def test_explanation_and_check_agree_in_english_too(lite: Database) -> None:
    row = add(lite)
    grant = Grant("guide", "read", role="editor", role_label={"it": "Redazione", "en": "Editor"})
    with lite.read(HERE) as session:
        told = access.explain(worker(ME, grant), "read", session.get_one(Dossier, (HERE, row.id)), lang="en")
    assert told.sentence.parts["roles"] == "Editor"


def test_an_entity_nobody_registered_is_refused_by_name() -> None:
    with pytest.raises(PluginError, match="int: not registered"):
        access.select(worker(ME), int, "read")


def test_a_fixed_resource_needs_a_dot() -> None:
    with pytest.raises(PluginError, match="needs a dot"):
        access.registry.register_entity(Sheet, resource="sheet")


def test_a_scope_of_another_name_is_never_replaced() -> None:
    with pytest.raises(PluginError, match="scope 'own' exists already"):
        access.registry.add_scope(Dossier, "own", access.registry.everything)


def test_asking_an_entity_for_a_resource_it_does_not_hold_is_a_programming_error() -> None:
    with pytest.raises(ValueError, match=r"Sheet holds accesstest\.sheet, not guide"):
        access.select(worker(ME), Sheet, "read", "guide")


def test_the_same_question_with_other_values_compiles_once(lite: Database) -> None:
    add(lite)
    actors = [worker(uuid7(), Grant("guide", "read", scope="own", states=states)) for states in [("a",), ("b", "c")]]
    first, second = (access.select(actor, Dossier, "read")._generate_cache_key() for actor in actors)
    assert first is not None
    assert first == second
