"""Mails leave once, or wait, or are given up with a reason; whatever the server does, none is lost."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import timedelta
from email.headerregistry import Address
from pathlib import Path
from uuid import UUID

import pytest
from sqlalchemy import select, update

from core import clock
from core.db import Database
from core.errors import Invalid
from core.notifications import Mail, mail, retry
from core.notifications.transport import Folder, Smtp
from core.notifications.worker import GIVE_UP, LEASE, LONGEST_WAIT, MailWorker, Postman
from tests.core.notifications.postoffice import PostOffice, post_office

SENDER = Address("SISL", addr_spec="sisl@prova.example")
CANARY = "canarino-9f3a"


def queue(database: Database, to: str = "sara@prova.example", name: str = CANARY, dedupe: str | None = None) -> UUID:
    with database.write(None) as session:
        return mail(session, to=to, template="news", values={"name": name}, dedupe=dedupe).id


def row_of(database: Database, number: UUID) -> Mail:
    with database.read(None) as session:
        return session.scalars(select(Mail).where(Mail.id == number)).one()


def postman(database: Database, office: PostOffice, **more: float) -> Postman:
    return Postman(database, Smtp("127.0.0.1", office.port, "", **more), SENDER)


def due_again(database: Database) -> None:
    """Time passes."""
    with database.write(None) as session:
        session.execute(update(Mail).values(next_try_at=clock.now()))


def test_a_mail_leaves_once_and_keeps_nothing_of_what_it_said(any_database: Database) -> None:
    number = queue(any_database)
    with post_office() as office:
        assert postman(any_database, office).deliver() == 1
        assert postman(any_database, office).deliver() == 0
    (taken,) = office.taken
    assert taken["To"] == "sara@prova.example"
    assert taken["From"] == "SISL <sisl@prova.example>"
    assert taken["Subject"] == "C'è una novità"
    assert taken["Message-ID"] == f"<{number}@prova.example>"
    assert f"Ciao {CANARY}," in taken.get_content()
    row = row_of(any_database, number)
    assert row.letter is None and row.sent_at is not None and row.hint == "s…@prova.example"


def test_a_rolled_back_change_sends_nothing(any_database: Database) -> None:
    with pytest.raises(RuntimeError), any_database.write(None) as session:
        mail(session, to="sara@prova.example", template="news", values={"name": "Sara"})
        raise RuntimeError
    with post_office() as office:
        assert postman(any_database, office).deliver() == 0
    assert office.connections == 0


def test_the_letter_is_sealed_in_the_database(sqlite_database: Database) -> None:
    number = queue(sqlite_database, to=f"{CANARY}@prova.example")
    sealed = row_of(sqlite_database, number).letter
    assert sealed is not None and CANARY.encode() not in sealed
    with sqlite_database.all_districts("empty the write-ahead log", write=True) as session:
        session.flush()
    files = [path for path in sqlite_database.data_dir.iterdir() if path.name.startswith("test.db")]
    assert len(files) >= 1
    assert all(CANARY.encode() not in path.read_bytes() for path in files)


@pytest.mark.parametrize(
    ("way", "reason"),
    [
        ("vanishes", "hung up"),
        ("forgets", "hung up"),
        ("silent", "hung up, or was silent"),
        ("full", "postponed with 452"),
    ],
)
def test_a_server_that_misbehaves_gets_the_mail_again_with_the_same_number(
    any_database: Database, way: str, reason: str
) -> None:
    number = queue(any_database)
    with post_office(way, "well") as office:
        sender = postman(any_database, office, answer=0.5)
        assert sender.deliver() == 0
        row = row_of(any_database, number)
        assert (row.tries, row.leased_until, row.sent_at) == (1, None, None)
        assert reason in row.last_error
        assert row.next_try_at > clock.now() + timedelta(seconds=5)
        assert sender.deliver() == 0, "it is not due yet"
        due_again(any_database)
        assert sender.deliver() == 1
    assert {taken["Message-ID"] for taken in office.taken} == {f"<{number}@prova.example>"}
    assert row_of(any_database, number).letter is None


def test_a_server_that_answers_a_byte_at_a_time_is_cut_off(sqlite_database: Database) -> None:
    number = queue(sqlite_database)
    with post_office("drips") as office:
        assert postman(sqlite_database, office, answer=5.0, whole=0.5).deliver() == 0
    assert row_of(sqlite_database, number).tries == 1


def test_a_server_that_is_down_loses_nothing(any_database: Database) -> None:
    numbers = [queue(any_database) for _ in range(3)]
    with post_office() as office:
        sender = postman(any_database, office)
        office.close()
        assert sender.deliver() == 0
    for number in numbers:
        row = row_of(any_database, number)
        assert row.letter is not None and row.tries == 1 and row.last_error == "Connection refused"


def test_one_bad_mail_does_not_keep_the_others(any_database: Database) -> None:
    poison = queue(any_database, to="poison@prova.example")
    others = [queue(any_database, to=f"p{i}@prova.example") for i in range(3)]
    with post_office("poisoned") as office:
        sender = postman(any_database, office)
        assert sender.deliver() == 0
        assert sender.deliver() == 3
    assert all(row_of(any_database, number).sent_at for number in others)
    assert row_of(any_database, poison).tries == 1


def test_an_address_that_does_not_exist_is_given_up_at_once_and_the_others_leave(any_database: Database) -> None:
    nobody, sara = queue(any_database, to="nobody@prova.example"), queue(any_database)
    with post_office("picky") as office:
        assert postman(any_database, office).deliver() == 1
    row = row_of(any_database, nobody)
    assert row.given_up_at is not None and row.last_error == "refused with 550" and row.letter is not None
    assert row_of(any_database, sara).sent_at is not None


def test_after_days_a_mail_is_given_up_and_a_retry_sends_it(any_database: Database) -> None:
    number = queue(any_database)
    with post_office("full") as office:
        with clock.at(clock.now() + GIVE_UP + timedelta(minutes=1)):
            postman(any_database, office).deliver()
        assert row_of(any_database, number).given_up_at is not None
        due_again(any_database)
        assert postman(any_database, office).deliver() == 0
        with any_database.write(None) as session:
            assert retry(session) == 1
        office.ways = ["well"]
        assert postman(any_database, office).deliver() == 1
        with any_database.write(None) as session:
            assert retry(session) == 0, "what has left does not leave again"


def test_the_time_between_two_attempts_grows_to_two_hours(sqlite_database: Database) -> None:
    number, waits = queue(sqlite_database), []
    with post_office("full") as office:
        for _ in range(12):
            due_again(sqlite_database)
            before = clock.now()
            postman(sqlite_database, office).deliver()
            waits.append((row_of(sqlite_database, number).next_try_at - before).total_seconds())
    assert waits[0] == pytest.approx(15, abs=2) and waits[1] == pytest.approx(30, abs=2)
    assert waits[-1] == pytest.approx(LONGEST_WAIT.total_seconds(), abs=2)


def test_what_a_dead_process_had_in_hand_is_sent_after_the_lease(any_database: Database) -> None:
    number = queue(any_database)
    with post_office() as office:
        dead = postman(any_database, office)
        assert len(dead._lease()) == 1
        assert postman(any_database, office).deliver() == 0
        with clock.at(clock.now() + LEASE + timedelta(seconds=1)):
            assert postman(any_database, office).deliver() == 1
    assert row_of(any_database, number).sent_at is not None


def test_four_postmen_send_each_mail_once(any_database: Database) -> None:
    for number in range(60):
        queue(any_database, to=f"p{number}@prova.example")
    with post_office() as office:
        threads = [threading.Thread(target=_until_empty(postman(any_database, office))) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert sorted(taken["To"] for taken in office.taken) == sorted(f"p{n}@prova.example" for n in range(60))


def _until_empty(sender: Postman) -> Callable[[], None]:
    def go() -> None:
        while sender.deliver():
            pass

    return go


def test_the_same_mark_queues_one_mail_alone(any_database: Database) -> None:
    assert queue(any_database, dedupe="reset:1") == queue(any_database, dedupe="reset:1")
    assert queue(any_database, dedupe="reset:2") != queue(any_database, dedupe="reset:1")


def test_two_at_once_with_the_same_mark_queue_one(postgres_database: Database) -> None:
    found: list[UUID] = []
    queue(postgres_database)  # the key of the installation exists

    def one() -> None:
        found.append(queue(postgres_database, dedupe="same"))

    threads = [threading.Thread(target=one) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == 6 and len(set(found)) == 1


@pytest.mark.parametrize(
    "address",
    ["", "sara", "sara@", "@prova.example", "a@b.example\nBcc: c@d.example", "a@b.example, c@d.example", "S <a@b.it>"],
)
def test_an_address_that_could_become_a_header_is_refused(sqlite_database: Database, address: str) -> None:
    with pytest.raises(Invalid), sqlite_database.write(None) as session:
        mail(session, to=address, template="news", values={"name": "Sara"})


def test_a_line_break_in_a_value_makes_no_header(sqlite_database: Database) -> None:
    queue(sqlite_database, name="Sara\r\nBcc: spia@prova.example")
    with post_office() as office:
        assert postman(sqlite_database, office).deliver() == 1
    assert office.taken[0]["Bcc"] is None


def test_a_mail_whose_key_is_gone_is_given_up_by_name_and_the_others_leave(sqlite_database: Database) -> None:
    broken, sara = queue(sqlite_database), queue(sqlite_database)
    with sqlite_database.write(None) as session:
        session.execute(update(Mail).where(Mail.id == broken).values(letter=b"x" * 80))
    with post_office() as office:
        assert postman(sqlite_database, office).deliver() == 1
    assert row_of(sqlite_database, broken).last_error == "unreadable: Unreadable"
    assert row_of(sqlite_database, sara).sent_at is not None


def test_what_a_server_says_of_an_address_is_not_kept(sqlite_database: Database) -> None:
    number = queue(sqlite_database, to=f"{CANARY}@prova.example")
    with post_office("refuses") as office:
        postman(sqlite_database, office).deliver()
    assert CANARY not in row_of(sqlite_database, number).last_error


def test_the_folder_takes_files_that_only_this_user_reads(sqlite_database: Database, tmp_path: Path) -> None:
    number = queue(sqlite_database)
    assert Postman(sqlite_database, Folder(tmp_path / "mail"), SENDER, demo=True).deliver() == 1
    (file,) = (tmp_path / "mail").iterdir()
    assert file.name == f"{number}.eml" and file.stat().st_mode & 0o777 == 0o600
    assert b"Subject: [Dati dimostrativi]" in file.read_bytes()


def test_the_worker_sends_by_itself_and_stops(sqlite_database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(MailWorker, "PAUSE", 0.02)
    number = queue(sqlite_database)
    with post_office() as office:
        worker = MailWorker(postman(sqlite_database, office))
        worker.start()
        waiting = threading.Event()
        for _ in range(200):
            if row_of(sqlite_database, number).sent_at:
                break
            waiting.wait(0.05)
        worker.stop()
    assert len(office.taken) == 1
