"""The log is told in words: labels for keys, sentences for acts, one line for what was opened again and again."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest

from core.audit.models import AuditEntry
from core.privacy.looks import Told, field_word, name_log_words, sentence, together

NOON = datetime(2026, 3, 2, 11, 0, tzinfo=UTC)
ANNA, BRUNO = UUID(int=1), UUID(int=2)
name_log_words(
    "test.file",
    parts={"summary": "Riepilogo"},
    fields={"birth_date": {"it": "Data di nascita", "en": "Date of birth"}},
    acts={"close": "ha chiuso il percorso"},
)


def entry(kind: str = "view", *, minutes: int = 0, who: UUID = ANNA, **facts: Any) -> AuditEntry:
    values: Mapping[str, Any] = {
        "resource": "test.file",
        "part": "",
        "fields": [],
        "purpose": "",
        "details": {},
        **facts,
    }
    return AuditEntry(kind=kind, at=NOON - timedelta(minutes=minutes), account_id=who, who=str(who), **values)


@pytest.mark.parametrize(
    ("made", "words"),
    [
        (entry(part="summary"), "ha aperto: Riepilogo"),
        (entry("change", fields=["birth_date"]), "ha cambiato: Data di nascita"),
        (entry("act", details={"step": "close"}), "ha chiuso il percorso"),
        (entry("act", details={"notice": "2", "how": "paper"}), "ha registrato la consegna della scheda privacy"),
        (entry("act", details={"consent": "newsletter", "withdrawn": True}), "ha registrato il ritiro di un consenso"),
        (entry("act", details={"what": "break_glass"}), "ha aperto in emergenza"),
        (entry("refused", details={"what": "break_glass"}), "ha aperto in emergenza, senza riuscirci"),
        (entry("act", resource="core.hold", part="place"), "ha vietato di cancellare i dati"),
        (
            entry("act", resource="core.request", part="identify"),
            "ha lavorato su una richiesta della persona: Identità controllata",
        ),
        (entry("download", part="file:0198-7c"), "ha scaricato un documento: Documento"),
        (entry("act", details={"what": "unheard"}), "ha lavorato sulla scheda"),
    ],
)
def test_an_entry_is_told_as_a_sentence(made: AuditEntry, words: str) -> None:
    assert sentence(made, "it") == words


def test_a_field_is_told_in_the_language_and_an_unknown_one_is_not_hidden() -> None:
    assert field_word("test.file", "birth_date", "en") == "Date of birth"
    assert field_word("test.file", "shoe_size", "it") == "shoe_size"


def lines(*entries: AuditEntry) -> list[Told]:
    return [Told(item, sentence(item, "it"), item.purpose, item.at) for item in entries]


def counts(*entries: AuditEntry) -> list[int]:
    return [line.count for line in together(lines(*entries))]


def test_what_one_person_opens_again_within_half_an_hour_is_one_line() -> None:
    found = together(lines(entry(minutes=0), entry(minutes=29), entry(minutes=30), entry(minutes=31)))
    assert [(line.count, line.entry.at, line.first) for line in found] == [
        (3, NOON, NOON - timedelta(minutes=30)),
        (1, NOON - timedelta(minutes=31), NOON - timedelta(minutes=31)),
    ]


def test_another_person_part_or_purpose_is_another_line_and_so_is_every_act() -> None:
    assert counts(entry(), entry(who=BRUNO), entry(part="summary"), entry(purpose="work")) == [1, 1, 1, 1]
    assert counts(entry("reveal"), entry("reveal"), entry("change"), entry("change")) == [1, 1, 1, 1]


def test_openings_of_two_people_in_turn_are_one_line_each() -> None:
    assert counts(entry(minutes=0), entry(minutes=1, who=BRUNO), entry(minutes=2), entry(minutes=3, who=BRUNO)) == [
        2,
        2,
    ]


def test_a_marked_opening_is_never_hidden_behind_one_that_is_not() -> None:
    late = lines(entry(minutes=0), entry(minutes=5))
    found = together(late, lambda item: ("fuori orario",) if item.at < NOON else ())
    assert [line.count for line in found] == [1, 1]
