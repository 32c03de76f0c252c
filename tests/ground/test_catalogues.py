"""Every Italian sentence has its English, with the same gaps."""

from __future__ import annotations

from pathlib import Path

import pytest
from babel.messages import Message

from scripts import messages


@pytest.mark.parametrize("owner", messages.owners(), ids=lambda owner: owner.name)
def test_every_sentence_has_its_english(owner: Path) -> None:
    assert list(messages.problems(owner)) == []


@pytest.mark.parametrize("owner", messages.owners(), ids=lambda owner: owner.name)
def test_no_catalogue_keeps_what_the_code_no_longer_says(owner: Path) -> None:
    said = messages.sentences(owner)
    kept = [message for message in messages.catalogue(owner) if message.id]
    assert [message.id for message in kept if said.get(message.id, message.context) is None] == []


@pytest.mark.parametrize(
    ("message", "problem"),
    [
        (Message("Ciao %(name)s", "Hello %(name)s"), ""),
        (Message("Ciao %(name)s", "Hello %(nome)s"), "other gaps than the Italian"),
        (Message("Ciao", ""), "missing"),
        (Message("Ciao", "Hello", flags={"fuzzy"}), "doubtful"),
        (Message(("%(num)s corso", "%(num)s corsi"), ("%(num)s course", "%(num)s courses")), ""),
        (Message(("%(num)s corso", "%(num)s corsi"), ("%(num)s course", "")), "missing"),
    ],
)
def test_a_wrong_translation_is_told(message: Message, problem: str) -> None:
    assert messages.problem_of(message) == problem


def test_new_sentences_enter_the_catalogue_and_old_ones_leave(tmp_path: Path) -> None:
    owner = tmp_path / "greetings"
    owner.mkdir()
    (owner / "views.py").write_text('first = _("Ciao")\nsecond = _l("Addio")\n', encoding="utf-8")
    messages.update(owner)
    (owner / "views.py").write_text('first = _("Ciao")\nthird = _("Grazie")\n', encoding="utf-8")
    messages.update(owner)
    assert {message.id for message in messages.catalogue(owner) if message.id} == {"Ciao", "Grazie"}
    assert len(list(messages.problems(owner))) == 2
