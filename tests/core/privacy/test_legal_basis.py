from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any, TypeVar
from uuid import UUID

import pytest

from core import audit, clock, privacy
from core.access import Actor, Grant
from core.db import Database, uuid7
from core.districts.models import (
    ParameterDefinition,
    ParameterValue,
    Processing,
    SettingsVersion,
    Vocabulary,
    VocabularyTerm,
)
from core.errors import AccessDenied, Conflict, Invalid, Refused
from core.privacy.bases import notices, processing, sharing
from core.teams.registry import limits
from tests.core.privacy.world import HERE, RESOURCE, Person, add_body, add_person, register_keeper, worker

T = TypeVar("T")
FACTS = processing.ProcessingFacts(
    purpose={"it": "Inserimento lavorativo"},
    controller="Comune di Prova",
    basis="public_task",
    valid_from=date(2026, 1, 1),
)


def say(database: Database, **figures: Any) -> None:
    """Dated parameters in force since 2020: ``say(database, notice_version="1")``."""
    with database.write(HERE) as session:
        for key, value in figures.items():
            name = f"privacy.{key}"
            session.add(
                ParameterDefinition(
                    key=name, owner="core", label={"it": key}, type="yes_no" if value is False else "text", position=0
                )
            )
            session.add(
                ParameterValue(key=name, layer="model", value=value, valid_from=date(2020, 1, 1), file="test.toml")
            )
    with database.write(None) as session:
        row = session.get(SettingsVersion, 1)
        if row is None:
            session.add(SettingsVersion(id=1, version=7))
        else:
            row.version += 1


def with_person(database: Database, id_: UUID, act: Callable[[Any, Person], T]) -> T:
    with database.write(HERE) as session:
        return act(session, session.get_one(Person, (HERE, id_)))


@pytest.mark.req("SDO-093")
def test_a_decision_is_refused_until_the_privacy_notice_is_signed(place: Database) -> None:
    say(place, notice_version="2026-1")
    id_, keeper = add_person(place), register_keeper()
    with place.read(HERE) as session, pytest.raises(Refused) as caught:
        privacy.require_notice(session, id_)
    assert caught.value.code == "notice_missing"
    with_person(place, id_, lambda s, p: notices.give_notice(s, p, actor=keeper, how="paper", signed=False))
    with place.read(HERE) as session, pytest.raises(Refused):
        privacy.require_notice(session, id_)
    with_person(place, id_, lambda s, p: notices.give_notice(s, p, actor=keeper, how="paper", signed=True))
    with place.read(HERE) as session:
        privacy.require_notice(session, id_)
        proofs = privacy.notices_given(session, id_)
    assert [(row.version, row.how, row.signed, row.who) for row in proofs] == [
        ("2026-1", "paper", True, "Rita Registro"),
        ("2026-1", "paper", False, "Rita Registro"),
    ]


@pytest.mark.req("SDO-093")
def test_the_notice_of_one_person_says_nothing_of_another(lite: Database) -> None:
    say(lite, notice_version="1")
    first, second = add_person(lite), add_person(lite, "P-2")
    with_person(lite, first, lambda s, p: notices.give_notice(s, p, actor=register_keeper(), how="paper", signed=True))
    with lite.read(HERE) as session, pytest.raises(Refused):
        privacy.require_notice(session, second)


def test_a_district_may_decide_without_the_notice(lite: Database) -> None:
    say(lite, notice_required=False)
    id_ = add_person(lite)
    with lite.read(HERE) as session:
        privacy.require_notice(session, id_)


def test_a_notice_is_given_by_who_may_change_the_person_and_not_in_the_future(lite: Database) -> None:
    say(lite, notice_version="1")
    id_ = add_person(lite)
    with pytest.raises(AccessDenied):
        with_person(lite, id_, lambda s, p: notices.give_notice(s, p, actor=worker(), how="paper", signed=True))
    tomorrow = clock.today() + timedelta(days=1)
    with pytest.raises(Invalid) as caught:
        with_person(
            lite,
            id_,
            lambda s, p: notices.give_notice(
                s, p, actor=register_keeper(), how="pigeon", signed=True, given_on=tomorrow
            ),
        )
    assert [error.field for error in caught.value.errors] == ["how", "given_on"]


def test_a_district_without_a_notice_cannot_give_one(lite: Database) -> None:
    id_ = add_person(lite)
    with pytest.raises(Refused) as caught:
        with_person(
            lite, id_, lambda s, p: notices.give_notice(s, p, actor=register_keeper(), how="paper", signed=True)
        )
    assert caught.value.code == "no_notice"


def share(database: Database, id_: UUID, body: UUID, **facts: Any) -> Any:
    given = {"actor": register_keeper(), "basis": "public_task", **facts}
    return with_person(database, id_, lambda s, p: sharing.share(s, p, body, **given))


def test_a_body_without_a_basis_may_not_have_the_data(place: Database) -> None:
    id_, body = add_person(place), add_body(place)
    with place.read(HERE) as session:
        assert not privacy.may_share(session, id_, body)
        with pytest.raises(Refused) as caught:
            privacy.require_basis(session, id_, body)
    assert caught.value.code == "no_basis"
    share(place, id_, body)
    with place.read(HERE) as session:
        assert privacy.may_share(session, id_, body)
        assert "Compito di interesse pubblico" in privacy.require_basis(session, id_, body)
        assert not privacy.may_share(session, add_other(id_), body)


def add_other(id_: UUID) -> UUID:
    return UUID(int=id_.int ^ 1)


@pytest.mark.parametrize(
    ("day", "expected"),
    [(date(2026, 2, 28), False), (date(2026, 3, 1), True), (date(2026, 5, 31), True), (date(2026, 6, 1), False)],
)
def test_a_sharing_holds_from_its_first_day_to_the_day_before_its_end(
    place: Database, day: date, expected: bool
) -> None:
    id_, body = add_person(place), add_body(place)
    share(place, id_, body, valid_from=date(2026, 3, 1), valid_to=date(2026, 6, 1))
    with place.read(HERE) as session:
        assert privacy.may_share(session, id_, body, day) is expected


def test_an_ended_sharing_stays_in_the_history(place: Database) -> None:
    id_, body = add_person(place), add_body(place)
    start = datetime(2026, 3, 1, 12, tzinfo=UTC)
    with clock.at(start):
        row = share(place, id_, body)
    with clock.at(start + timedelta(days=10)):
        with_person(
            place,
            id_,
            lambda s, p: sharing.end_sharing(s, p, s.get_one(type(row), (HERE, row.id)), actor=register_keeper()),
        )
        with place.read(HERE) as session:
            assert not privacy.may_share(session, id_, body)
            (kept,) = sharing.sharings_of(session, id_)
            assert (kept.valid_from, kept.valid_to) == (date(2026, 3, 1), date(2026, 3, 11))
            assert kept.ended_by == "Rita Registro"
        with pytest.raises(Refused):
            with_person(
                place,
                id_,
                lambda s, p: sharing.end_sharing(s, p, s.get_one(type(row), (HERE, row.id)), actor=register_keeper()),
            )


def test_a_body_of_the_register_needs_no_sharing_of_its_own(place: Database) -> None:
    id_, body = add_person(place), add_body(place)
    with place.write(HERE) as session:
        facts = replace(FACTS, organisation_id=body, valid_to=date(2027, 1, 1))
        processing.register(session, facts, actor=register_keeper())
    with place.read(HERE) as session:
        assert privacy.may_share(session, id_, body, date(2026, 12, 31))
        assert not privacy.may_share(session, id_, body, date(2027, 1, 1))
        assert not privacy.may_share(session, id_, body, date(2025, 12, 31))


def ask_consents(database: Database) -> None:
    with database.write(HERE) as session:
        vocabulary = Vocabulary(key="consents", label={"it": "Consensi"}, position=0)
        session.add(vocabulary)
        session.flush()
        session.add(VocabularyTerm(vocabulary_id=vocabulary.id, key="photos", label={"it": "Fotografie"}, position=0))


def test_a_consent_is_recorded_only_where_the_model_asks_for_it(lite: Database) -> None:
    id_, keeper = add_person(lite), register_keeper()
    with pytest.raises(Invalid):
        with_person(lite, id_, lambda s, p: sharing.give_consent(s, p, "photos", actor=keeper, given=True))
    ask_consents(lite)
    with_person(lite, id_, lambda s, p: sharing.give_consent(s, p, "photos", actor=keeper, given=True))
    with lite.read(HERE) as session:
        assert [(row.kind, row.given) for row in sharing.consents_of(session, id_)] == [("photos", True)]


def test_what_stood_on_a_consent_ends_when_it_is_taken_back(place: Database) -> None:
    ask_consents(place)
    id_, body, keeper = add_person(place), add_body(place), register_keeper()
    with pytest.raises(Refused) as caught:
        share(place, id_, body, basis="consent")
    assert caught.value.code == "consent_missing"
    with place.write(HERE) as session:
        person = session.get_one(Person, (HERE, id_))
        consent = sharing.give_consent(session, person, "photos", actor=keeper, given=True)
        sharing.share(session, person, body, actor=keeper, basis="consent", consent=consent)
        assert privacy.may_share(session, id_, body)
        sharing.withdraw_consent(session, person, consent, actor=keeper)
        assert not privacy.may_share(session, id_, body)
        with pytest.raises(Refused):
            sharing.share(session, person, body, actor=keeper, basis="consent", consent=consent)


def test_the_consent_of_somebody_else_opens_nothing(lite: Database) -> None:
    ask_consents(lite)
    first, second, body, keeper = add_person(lite), add_person(lite, "P-2"), add_body(lite), register_keeper()
    with lite.write(HERE) as session:
        one, other = (session.get_one(Person, (HERE, id_)) for id_ in (first, second))
        consent = sharing.give_consent(session, one, "photos", actor=keeper, given=True)
        with pytest.raises(Refused):
            sharing.share(session, other, body, actor=keeper, basis="consent", consent=consent)


def test_every_step_is_in_the_audit_of_the_person(lite: Database) -> None:
    say(lite, notice_version="1")
    id_, body, keeper = add_person(lite), add_body(lite), register_keeper()
    with_person(lite, id_, lambda s, p: notices.give_notice(s, p, actor=keeper, how="aloud", signed=True))
    share(lite, id_, body)
    with lite.read(HERE) as session:
        found = audit.entries(session, subject_id=id_, limit=10)
    assert [entry.kind for entry in found] == ["act", "act"]
    assert found[0].details == {"shared_with": str(body), "basis": "public_task"}
    assert found[1].details == {"notice": "1", "how": "aloud", "signed": True}


def test_the_register_takes_the_usual_articles_of_a_basis(place: Database) -> None:
    with place.write(HERE) as session:
        entry = processing.register(session, FACTS, actor=register_keeper())
        assert entry.articles == ["6.1.e", "9.2.g", "9.2.h"]
        typed = processing.register(session, replace(FACTS, articles="6.1.c, 9.2.b"), actor=register_keeper())
        assert typed.articles == ["6.1.c", "9.2.b"]


def test_the_register_says_everything_that_is_wrong_at_once(lite: Database) -> None:
    wrong = replace(
        FACTS,
        purpose={"it": " "},
        controller="",
        municipality="015118",
        organisation_id=UUID(int=7),
        valid_to=date(2025, 1, 1),
    )
    with lite.write(HERE) as session, pytest.raises(Invalid) as caught:
        processing.register(session, wrong, actor=register_keeper())
    fields = [error.field for error in caught.value.errors]
    assert fields == ["purpose", "controller", "municipality", "organisation_id", "valid_to"]


def test_two_people_do_not_overwrite_each_other_in_the_register(place: Database) -> None:
    keeper = register_keeper()
    with place.write(HERE) as session:
        entry = processing.register(session, FACTS, actor=keeper)
    with place.write(HERE) as session:
        found = session.get_one(Processing, (HERE, entry.id))
        processing.change(session, found, replace(FACTS, controller="Consorzio"), actor=keeper, version=1)
    with place.write(HERE) as session, pytest.raises(Conflict):
        found = session.get_one(Processing, (HERE, entry.id))
        processing.change(session, found, replace(FACTS, controller="Altri"), actor=keeper, version=1)


def test_only_who_keeps_the_register_writes_in_it(lite: Database) -> None:
    for actor in (worker(), Actor.visitor(HERE), register_keeper(2)):
        with lite.write(HERE) as session:
            with pytest.raises(AccessDenied):
                processing.register(session, FACTS, actor=actor)
            with pytest.raises(AccessDenied):
                processing.entries(session, actor)


def test_the_public_page_tells_what_is_in_force_alone(lite: Database) -> None:
    with lite.write(HERE) as session:
        keeper = register_keeper()
        processing.register(session, replace(FACTS, controller="Oggi"), actor=keeper)
        processing.register(session, replace(FACTS, controller="Ieri", valid_to=date(2026, 2, 1)), actor=keeper)
        found = processing.in_force(session, date(2026, 2, 1))
    assert [entry.controller for entry in found] == ["Oggi"]


@pytest.mark.parametrize(
    ("shared", "registered", "expected"),
    [
        (None, None, None),
        (date(2027, 3, 1), None, datetime(2027, 3, 1, tzinfo=clock.ROME)),
        (None, date(2027, 5, 1), datetime(2027, 5, 1, tzinfo=clock.ROME)),
        (date(2027, 3, 1), date(2027, 5, 1), datetime(2027, 5, 1, tzinfo=clock.ROME)),
    ],
)
def test_a_place_lasts_no_longer_than_the_basis_of_its_body(
    place: Database, shared: date | None, registered: date | None, expected: datetime | None
) -> None:
    id_, body = add_person(place), add_body(place)
    with clock.at(datetime(2026, 11, 22, 12, tzinfo=UTC)):
        if shared or not registered:
            share(place, id_, body, valid_to=shared)
        if registered:
            with place.write(HERE) as session:
                facts = replace(FACTS, organisation_id=body, valid_to=registered)
                processing.register(session, facts, actor=register_keeper())
        with place.read(HERE) as session:
            assert sharing.basis_end(session, id_, body) == expected
            assert sharing.basis_end in limits()


def holder(*bodies: UUID | None) -> Actor:
    """Somebody who may take data away, once for each body; None: for the district itself."""
    grants = [Grant(RESOURCE, "export", organisation_id=body) for body in bodies]
    return Actor(uuid7(), "Bice", "account", HERE, tuple(grants))


def test_data_leave_with_a_body_only_on_a_basis_that_it_has_today(place: Database) -> None:
    first, second, body = add_person(place), add_person(place, "P-2"), add_body(place)
    share(place, first, body)
    with place.read(HERE) as session:
        both = [first, second]
        assert privacy.unshared(session, holder(body), "export", RESOURCE, both) == {second}
        assert privacy.unshared(session, holder(uuid7()), "export", RESOURCE, both) == {first, second}
        with pytest.raises(Refused, match="1 persona"):
            privacy.require_basis_to_take(session, holder(body), "export", RESOURCE, both)
        privacy.require_basis_to_take(session, holder(body), "export", RESOURCE, [first])
    with place.write(HERE) as session:
        processing.register(session, replace(FACTS, organisation_id=body), actor=register_keeper())
        assert privacy.unshared(session, holder(body), "export", RESOURCE, both) == frozenset()


def test_who_takes_data_for_the_district_itself_needs_no_basis_of_a_body(lite: Database) -> None:
    id_, body = add_person(lite), add_body(lite)
    with lite.read(HERE) as session:
        for actor in (holder(None), holder(body, None), Actor.system(HERE, "prova")):
            assert privacy.unshared(session, actor, "export", RESOURCE, [id_]) == frozenset()
