from __future__ import annotations

import base64
import gzip
import logging
import re
import zlib
from email.message import EmailMessage
from pathlib import Path
from urllib.parse import quote

import pytest

from core import privacy
from core.db import Database
from tests.core.privacy.world import CANARY, HERE, ILLNESS, PENALTY, Person, add_person, worker
from tests.support.canaries import Canaries

WORD = "segreto è qui"
BIRDS = Canaries(WORD)


@pytest.mark.parametrize(
    "content",
    [
        f"prima {WORD} dopo".encode(),
        "SEGRETO è QUI".encode(),
        WORD.encode("utf-16-le"),
        WORD.encode().hex().encode(),
        base64.b64encode(f"x{WORD}y".encode()),
        base64.b64encode(f"xy{WORD}y".encode()),
        base64.urlsafe_b64encode(f"xyz{WORD}".encode()),
        quote(WORD).encode(),
        rb'{"a": "segreto \u00e8 qui"}',
        gzip.compress(WORD.encode()),
        zlib.compress(WORD.encode()),
    ],
)
def test_a_planted_word_is_found_in_every_disguise(content: bytes) -> None:
    assert BIRDS.in_bytes(content, "prova")


def test_what_is_not_there_is_not_found(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("niente di strano", "utf-8")
    assert BIRDS.in_folder(tmp_path) == []


def test_names_of_files_and_mails_are_read_too(tmp_path: Path) -> None:
    (tmp_path / f"{WORD}.txt").write_text("", "utf-8")
    mail = EmailMessage()
    mail["Subject"] = WORD
    mail.set_content(WORD)
    (tmp_path / "posta.eml").write_bytes(mail.as_bytes())
    found = {re.sub(r".*?(name|Subject|text/plain).*", r"\1", finding.where) for finding in BIRDS.in_folder(tmp_path)}
    assert {"name", "Subject", "text/plain"} <= found


def test_a_short_word_is_refused() -> None:
    with pytest.raises(ValueError, match="too short"):
        Canaries("no")


def test_a_leak_in_any_column_is_found(place: Database) -> None:
    with place.write(HERE) as session:
        session.add(Person(code=CANARY))
    assert [finding.where for finding in Canaries(CANARY).in_tables(place)] == ["privacytest_person.code"]


def test_protected_fields_leave_no_trace_in_tables_files_and_log(
    place: Database, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    birds = Canaries(CANARY, ILLNESS, PENALTY, "ragione canarina")
    with caplog.at_level(logging.DEBUG):
        id_ = add_person(place)
        with place.write(HERE) as session:
            person = session.get_one(Person, (HERE, id_))
            actor = worker(special="read", penal="read")
            for name in ("health", "penal"):
                privacy.reveal(session, actor, person, name, purpose="other", reason="ragione canarina")
            privacy.put(session, person, "health", ILLNESS * 50)
    assert birds.in_tables(place) == []
    assert birds.in_folder(tmp_path) == []
    assert birds.in_text(caplog.text, "log") == []
