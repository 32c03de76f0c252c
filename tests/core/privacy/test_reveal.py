from __future__ import annotations

from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import select, text

from core import audit, crypto, privacy
from core.access import Actor
from core.access.models import Role, RoleGrant
from core.audit.models import AuditEntry
from core.db import Database
from core.districts.models import Vocabulary, VocabularyTerm
from core.errors import AccessDenied, Invalid, NotFound, Refused, TenancyError
from core.privacy.fields.reveal import reason_of
from core.privacy.fields.shown import readers_of
from tests.core.privacy.world import CANARY, HERE, ILLNESS, PENALTY, RESOURCE, THERE, Person, add_person, worker


def reveal(database: Database, id_: UUID, actor: Actor, name: str = "health", **facts: str) -> str:
    with database.write(HERE) as session:
        person = session.get_one(Person, (HERE, id_))
        return privacy.reveal(session, actor, person, name, **{"purpose": "interview", **facts})  # type: ignore[arg-type]


def entries(database: Database) -> list[AuditEntry]:
    with database.read(HERE) as session:
        return audit.entries(session, limit=50)


@pytest.mark.parametrize(("name", "group", "value"), [("health", "special", ILLNESS), ("penal", "penal", PENALTY)])
def test_who_may_read_and_says_why_sees_the_value_and_the_log_says_so(
    place: Database, name: str, group: str, value: str
) -> None:
    id_ = add_person(place)
    rights: dict[str, Any] = {group: "read"}
    actor = worker(**rights)
    assert reveal(place, id_, actor, name, purpose="project") == value
    (entry,) = entries(place)
    assert (entry.kind, entry.resource, entry.object_id, entry.subject_id) == ("reveal", RESOURCE, id_, id_)
    assert (entry.fields, entry.purpose, entry.account_id) == ([name], "project", actor.account_id)
    assert value not in repr(vars(entry))


def test_without_a_purpose_nothing_is_shown_and_nothing_logged(lite: Database) -> None:
    id_ = add_person(lite)
    for purpose in ("", "curiosity"):
        with pytest.raises(Invalid) as caught:
            reveal(lite, id_, worker(special="read"), purpose=purpose)
        assert caught.value.errors[0].field == "purpose"
    assert entries(lite) == []


@pytest.mark.parametrize(
    ("reason", "enough"), [("", False), ("1234567890", False), ("urgenza", False), ("urgenza!a", True)]
)
def test_another_purpose_needs_some_words(lite: Database, reason: str, enough: bool) -> None:
    id_ = add_person(lite)
    if enough:
        assert reveal(lite, id_, worker(special="read"), purpose="other", reason=reason) == ILLNESS
        return
    with pytest.raises(Invalid) as caught:
        reveal(lite, id_, worker(special="read"), purpose="other", reason=reason)
    assert caught.value.errors[0].field == "reason"


def test_the_words_of_a_reason_are_sealed_with_the_person_and_erased_with_her(lite: Database) -> None:
    id_ = add_person(lite)
    reveal(lite, id_, worker(special="read"), purpose="other", reason="crisi canarina di ieri")
    with lite.all_districts("look at the stored rows of a test") as session:
        stored = repr(session.execute(text("SELECT * FROM core_audit_entry")).all())
    assert "canarina" not in stored
    with lite.read(HERE) as session:
        assert reason_of(session, session.scalars(select(AuditEntry)).one()) == "crisi canarina di ieri"
    with lite.write(HERE) as session:
        crypto.destroy_key(session, id_, reason="cancellazione")
    with lite.read(HERE) as session:
        assert reason_of(session, session.scalars(select(AuditEntry)).one()) == ""


def test_a_masked_field_is_refused_and_the_refusal_stays_after_the_rollback(place: Database) -> None:
    id_ = add_person(place)
    actor = worker(special="mask")
    with place.write(HERE) as session:
        person = session.get_one(Person, (HERE, id_))
        with pytest.raises(AccessDenied):
            privacy.reveal(session, actor, person, "health", purpose="interview")
        session.rollback()
    audit.write_looks(place, session, success=False)
    (entry,) = entries(place)
    assert (entry.kind, entry.fields, entry.account_id) == ("refused", ["health"], actor.account_id)


def test_a_field_of_a_hidden_class_does_not_exist(lite: Database) -> None:
    id_ = add_person(lite)
    for name in ("penal", "code", "nothing"):
        with pytest.raises(NotFound):
            reveal(lite, id_, worker(special="read"), name)
    assert entries(lite) == []


def test_the_row_itself_must_be_readable(lite: Database) -> None:
    id_ = add_person(lite)
    with pytest.raises(AccessDenied):
        reveal(lite, id_, Actor.visitor(HERE))
    with pytest.raises(TenancyError):
        reveal(lite, id_, worker(special="read", district=THERE))


def test_an_empty_field_is_revealed_as_empty_and_logged_alike(lite: Database) -> None:
    with lite.write(HERE) as session:
        person = Person()
        session.add(person)
    assert reveal(lite, person.id, worker(special="read")) == ""
    assert [entry.kind for entry in entries(lite)] == ["reveal"]


def test_a_destroyed_key_is_a_plain_refusal(lite: Database) -> None:
    id_ = add_person(lite)
    with lite.write(HERE) as session:
        crypto.destroy_key(session, id_, reason="cancellazione")
    with pytest.raises(Refused, match="cancellato"):
        reveal(lite, id_, worker(special="read"))


def test_a_personal_field_may_be_opened_for_paper(lite: Database) -> None:
    id_ = add_person(lite)
    assert reveal(lite, id_, worker(personal="read"), "tax_code", kind="print") == CANARY
    assert [entry.kind for entry in entries(lite)] == ["print"]


def test_the_model_adds_purposes_before_the_one_that_needs_words(lite: Database) -> None:
    with lite.write(HERE) as session:
        vocabulary = Vocabulary(key="reveal_purposes", label={"it": "Motivi"}, position=0)
        session.add(vocabulary)
        session.flush()
        label = {"it": "Visita in azienda"}
        session.add(VocabularyTerm(vocabulary_id=vocabulary.id, key="visit", label=label, position=0))
    with lite.read(HERE) as session:
        assert list(privacy.purposes(session)) == ["interview", "project", "requirements", "visit", "other"]
    id_ = add_person(lite)
    assert reveal(lite, id_, worker(special="read"), purpose="visit") == ILLNESS


def test_dots_say_which_roles_may_see(place: Database) -> None:
    with place.write(HERE) as session:
        for key, right in (("coordinator", "read"), ("worker", "mask"), ("manager", "write")):
            role = Role(key=key, label={"it": key.title()})
            session.add(role)
            session.flush()
            grant = RoleGrant(role_id=role.id, resource=RESOURCE, action="read", field_groups={"special": right})
            session.add(grant)
    with place.read(HERE) as session:
        assert readers_of(session, RESOURCE, "special") == [{"it": "Coordinator"}, {"it": "Manager"}]
        assert readers_of(session, RESOURCE, "penal") == []
