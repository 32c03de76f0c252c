"""A process that writes pages until it is killed; what was committed it tells a journal outside.

``begin`` is written when a transaction is open, ``done`` after its commit: a journal that ends with ``begin`` says that
the process was killed inside a transaction.
"""

from __future__ import annotations

import os
import random
import sys
import time
from collections.abc import Sequence
from itertools import count
from pathlib import Path
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from core.access import Actor
from core.db import Database
from core.districts.models import District
from core.installation import Installation
from core.records import queries
from core.records.models import Record
from core.records.operations import change_record, create_record, fire

DISTRICT, MODEL, TYPE = "legnano", "leg-borsa-lavoro", "service"
#: Seconds that a transaction stays open before its commit, at most.
HOLD = 0.03


class Journal:
    """Lines ``begin|done number action ref``, each given to the system before the next step."""

    def __init__(self, path: Path) -> None:
        self._file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND)

    def say(self, *words: object) -> None:
        os.write(self._file, (" ".join(map(str, words)) + "\n").encode())


def acknowledged(path: Path) -> dict[str, tuple[str, int]]:
    """Ref → the last thing that is known to be committed, and its number."""
    lines = [line.split() for line in path.read_text("ascii").splitlines()] if path.exists() else []
    return {ref: (action, int(number)) for word, number, action, ref in lines if word == "done"}


def write(session: Session, actor: Actor, number: int, action: str, ref: str) -> None:
    """One transaction's work; a new page comes with a twin, so that half of it would show."""
    if action == "create":
        model = queries.by_ref(session, actor, MODEL)
        assert model is not None
        for name in (ref, f"{ref}-twin"):
            answers = {**model.answers, "title": {"it": f"Burrasca {name}"}, "summary": {"it": f"versione{number}"}}
            create_record(session, TYPE, answers, actor=actor, ref=name, state="published")
        return
    record = session.scalars(select(Record).where(Record.ref == ref)).one()
    if action == "change":
        answers = {"summary": {"it": f"versione{number}"}}
        change_record(session, record, answers, actor=actor, version=record.version, partial=True)
        return
    fire(session, record, "withdraw", actor=actor)


def choose(chance: random.Random, known: dict[str, tuple[str, int]], number: int) -> tuple[str, str]:
    """What to write next: pages are made, changed, and some taken off the site."""
    public = [ref for ref, (action, _number) in known.items() if action != "withdraw"]
    draw = chance.random()
    if draw < 0.5 or not public:
        return "create", f"storm-{number}"
    return ("change" if draw < 0.85 else "withdraw"), chance.choice(public)


def withdrawn(database: Database, district: int) -> Sequence[str]:
    """Pages that are off the site, whatever the journal says."""
    with database.read(district) as session:
        return session.scalars(select(Record.ref).where(Record.type == TYPE, Record.state == "withdrawn")).all()


def main(path: Path, first: int) -> None:
    installation, chance = Installation(), random.Random(first)
    journal, known = Journal(path), acknowledged(path)
    with installation.database.read(None) as session:
        district: Any = session.scalars(select(District.id).where(District.slug == DISTRICT)).one()
    actor = Actor.system(district, "prova")
    # A kill between commit and journal: the page was taken off the site, and nobody was told. It is left alone.
    for ref in withdrawn(installation.database, district):
        known.pop(ref, None)
    for number in count(first):
        action, ref = choose(chance, known, number)
        with installation.database.write(district) as session:
            journal.say("begin", number, action, ref)
            write(session, actor, number, action, ref)
            time.sleep(chance.uniform(0, HOLD))
        journal.say("done", number, action, ref)
        known[ref] = action, number


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]))
