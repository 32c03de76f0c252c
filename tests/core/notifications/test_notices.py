"""Notices: for one account of one district, read when marked, and told by a mail that says nothing of them."""

from __future__ import annotations

from uuid import UUID, uuid4

import pytest
from sqlalchemy import select

from core.access.models import Account
from core.db import Database
from core.districts.models import District
from core.notifications import Mail, mails, mark_read, notice, notices, unread_count
from core.notifications.letters import Letter
from core.notifications.worker import _opened

SENTENCE = {"it": "Il caso LEG-2026-0142 ha un nuovo tutor.", "en": "Case LEG-2026-0142 has a new tutor."}


@pytest.fixture
def sara(any_database: Database) -> UUID:
    with any_database.write(None) as session:
        for number, slug in ((1, "legnano"), (2, "rho")):
            session.add(District(id=number, slug=slug, name={"it": slug}, languages=["it"], model="test"))
        account = Account(email="sara@prova.example", name="Sara", language="en")
        session.add(account)
        session.flush()
        return account.id


def letters(database: Database) -> list[Letter]:
    with database.read(None) as session:
        return [Letter.unpacked(_opened(session, row)) for row in mails(session)]


def test_a_notice_is_seen_by_its_account_in_its_district_alone(any_database: Database, sara: UUID) -> None:
    with any_database.write(1) as session:
        notice(session, sara, SENTENCE, url="/legnano/oggi", kind="late", mail=False)
    with any_database.read(1) as session:
        (found,) = notices(session, sara)
        assert (found.sentence, found.url, found.kind, found.read_at) == (SENTENCE, "/legnano/oggi", "late", None)
        assert notices(session, uuid4()) == []
    with any_database.read(2) as session:
        assert notices(session, sara) == [] and unread_count(session, sara) == 0


def test_marking_reaches_the_own_notices_alone(any_database: Database, sara: UUID) -> None:
    with any_database.write(1) as session:
        first = notice(session, sara, SENTENCE, mail=False)
        notice(session, sara, SENTENCE, mail=False)
        assert mark_read(session, uuid4(), first.id) == 0
        assert unread_count(session, sara) == 2
        assert mark_read(session, sara, first.id) == 1
        assert mark_read(session, sara, first.id) == 0
        assert unread_count(session, sara) == 1
        assert mark_read(session, sara) == 1
        assert notices(session, sara, unread=True) == [] and len(notices(session, sara)) == 2


def test_the_mail_says_that_there_is_news_and_nothing_else(any_database: Database, sara: UUID) -> None:
    with any_database.write(1) as session:
        notice(session, sara, SENTENCE, url="/legnano/persone/LEG-2026-0142")
    (letter,) = letters(any_database)
    assert letter.to == "sara@prova.example"
    assert "LEG-2026" not in letter.subject + letter.text and "tutor" not in letter.text


def test_while_one_mail_waits_no_second_is_queued(any_database: Database, sara: UUID) -> None:
    with any_database.write(1) as session:
        for _ in range(5):
            notice(session, sara, SENTENCE)
    with any_database.write(2) as session:
        notice(session, sara, SENTENCE)
    assert len(letters(any_database)) == 1


def test_a_closed_account_gets_no_mail_but_keeps_the_notice(any_database: Database, sara: UUID) -> None:
    with any_database.write(None) as session:
        session.scalars(select(Account)).one().active = False
    with any_database.write(1) as session:
        notice(session, sara, SENTENCE)
        assert unread_count(session, sara) == 1
    with any_database.read(None) as session:
        assert session.scalars(select(Mail)).all() == []


@pytest.mark.parametrize(
    ("sentence", "url", "kind"),
    [
        ({"en": "only English"}, "", "info"),
        (SENTENCE, "https://altrove.example/", "info"),
        (SENTENCE, "//altrove.example/", "info"),
        (SENTENCE, "/\\altrove.example/", "info"),
        (SENTENCE, "", "urgent"),
    ],
)
def test_a_notice_that_cannot_be_shown_is_an_error_at_once(
    sqlite_database: Database, sentence: dict[str, str], url: str, kind: str
) -> None:
    with pytest.raises(ValueError), sqlite_database.write(1) as session:
        notice(session, uuid4(), sentence, url=url, kind=kind)
