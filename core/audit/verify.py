"""Prove that nothing was changed, taken out, cut off or rewritten: rows against their seals and the heads outside."""

from __future__ import annotations

import hmac
import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from functools import lru_cache
from pathlib import Path
from typing import Any, Final
from uuid import UUID

from sqlalchemy import ColumnClause, Select, Text, cast, column, func, select, table
from sqlalchemy.orm import Session

from core.audit.chain import Chain, Keys, mac_of
from core.audit.heads import SUFFIX, Head, heads_file, heads_folder, read_heads
from core.audit.models import HEAD
from core.audit.triggers import missing_triggers
from core.crypto import Unreadable
from core.db import Database, Json
from core.i18n import _

#: Rows held in memory at a time.
BATCH: Final = 5000
#: Findings of one kind that are listed one by one.
LISTED: Final = 20


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that is wrong: what, where in the chain, in which row, and a sentence that says so with a remedy.

    ``kind``: changed · gap · tail · rewritten · head · heads_short · heads_damaged · key · trigger.
    """

    kind: str
    sentence: str
    seq: int | None = None
    row_id: UUID | None = None


@dataclass(slots=True)
class Report:
    """What ``verify_chain`` saw of one chain."""

    chain: Chain
    rows: int = 0
    unsealed: int = 0
    oldest_unsealed: datetime | None = None
    heads: int = 0
    last_head_at: str = ""
    findings: list[Finding] = field(default_factory=list)
    untold: int = 0

    @property
    def whole(self) -> bool:
        """Whether nothing was found."""
        return not self.findings

    def add(self, kind: str, sentence: str, seq: int | None = None, row_id: UUID | None = None) -> None:
        """Note a finding; of each kind the first twenty are listed, the others counted."""
        if sum(known.kind == kind for known in self.findings) >= LISTED:
            self.untold += 1
        else:
            self.findings.append(Finding(kind, sentence, seq, row_id))


def verify(database: Database, folder: Path | None = None) -> list[Report]:
    """Verify every chain there is or was. ``folder`` holds copies of the heads that were kept elsewhere."""
    reports = [verify_chain(database, chain, folder) for chain in known_chains(database, folder)]
    with database.all_districts("verify the audit: triggers") as session:
        for name in missing_triggers(session.connection()):
            reports[0].add("trigger", _trigger(name))
    return reports


def known_chains(database: Database, folder: Path | None = None) -> list[Chain]:
    """The installation's, those of the districts, and those of which only a heads file is left."""
    number: ColumnClause[int] = column("id")
    with database.read(None) as session:
        numbers = set(session.scalars(select(number).select_from(table("core_district", number))))
    files = (folder or heads_folder(database)).glob(f"*{SUFFIX}")
    numbers |= {int(file.stem) for file in files if file.stem.isdigit()}
    return [Chain(None), *map(Chain, sorted(numbers))]


def verify_chain(database: Database, chain: Chain, folder: Path | None = None) -> Report:
    """Read a chain from its first row to its last. ``folder``: heads kept elsewhere, in place of those in DATA."""
    report = Report(chain)
    file = heads_file(folder or heads_folder(database), chain)
    # The chain grows meanwhile: first how many heads there are, then the heads, last the rows they speak of.
    with database.read(chain.district_id) as session:
        start = _head(session, chain)
        keys = _keys(session, chain, report, used=bool(start and start.seq) or file.exists())
    heads = _verified_heads(report, keys, file) if keys else []
    with database.read(chain.district_id) as session:
        if keys:
            _count_heads(report, start.heads if start and folder is None else 0, heads, file)
            last, mac = _verify_rows(session, report, keys, {head.seq: head for head in heads})
            _verify_end(report, last, mac, _head(session, chain), heads)
        _count_unsealed(session, report)
    return report


def _keys(session: Session, chain: Chain, report: Report, *, used: bool) -> Keys | None:
    try:
        return Keys.to_verify(session, chain)
    except Unreadable as error:
        if used or _any_sealed(session, chain):
            report.add("key", _key(error))
        return None


def _any_sealed(session: Session, chain: Chain) -> bool:
    found = select(chain.table.c.id).where(*chain.own, chain.table.c.seq.is_not(None)).limit(1)
    return session.execute(found).first() is not None


def _head(session: Session, chain: Chain) -> Any:
    model = chain.heads
    return session.execute(
        select(model.seq, model.mac, model.heads).where(model.id == HEAD, *_own(chain))
    ).one_or_none()


def _own(chain: Chain) -> list[Any]:
    return [] if chain.district_id is None else [chain.heads.__table__.c.district_id == chain.district_id]


def _verified_heads(report: Report, keys: Keys, file: Path) -> list[Head]:
    """The heads of the file whose number and signature are right."""
    heads: list[Head] = []
    signature = ""
    for number, head in enumerate(read_heads(file) if file.exists() else (), start=1):
        if (
            head is None
            or head.number != number
            or not hmac.compare_digest(head.sign(keys.heads, signature), head.signature)
        ):
            report.add("heads_damaged", _damaged(file, number))
        else:
            heads.append(head)
        signature = head.signature if head else ""
        report.heads, report.last_head_at = number, head.at if head else ""
    return heads


def _count_heads(report: Report, expected: int, heads: list[Head], file: Path) -> None:
    if report.heads < expected:
        report.add("heads_short", _short(file, report.heads, expected), heads[-1].seq if heads else None)


def _verify_rows(session: Session, report: Report, keys: Keys, heads: dict[int, Head]) -> tuple[int, bytes]:
    """Recompute every seal; answers place and seal of the last row."""
    seq, mac = 0, b""
    for row_id, (*content, row_seq, row_mac) in _rows(session, report.chain):
        if row_seq != seq + 1:
            report.add("gap", _gap(seq + 1, row_seq - 1), seq + 1)
        elif not hmac.compare_digest(mac_of(keys.rows, row_seq, mac, content), row_mac or b""):
            report.add("changed", _changed(row_seq, row_id), row_seq, row_id)
        if row_seq in heads and heads[row_seq].mac != (row_mac or b"").hex():
            report.add("rewritten", _rewritten(heads[row_seq]), row_seq, row_id)
        seq, mac = row_seq, row_mac or b""
        report.rows += 1
    return seq, mac


def _rows(session: Session, chain: Chain) -> Iterator[tuple[UUID, list[Any]]]:
    """Id and values of every sealed row in order, a batch at a time."""
    columns = chain.table.c
    # JSON comes as text: most texts are the same few, and are read once.
    content = [cast(one, Text).label(one.name) if isinstance(one.type, Json) else one for one in chain.content]
    places = [place for place, one in enumerate(chain.content) if isinstance(one.type, Json)]
    found: Select[Any] = select(*content, columns.seq, columns.mac).where(*chain.own).order_by(columns.seq)
    last = 0
    while rows := session.execute(found.where(columns.seq > last).limit(BATCH)).all():
        for row in rows:
            values = list(row)
            for place in places:
                values[place] = _from_json(values[place])
            yield row.id, values
        last = rows[-1].seq


@lru_cache(maxsize=1024)
def _from_json(text: str) -> Any:
    """What a JSON column holds, for reading alone; damaged text is a value of its own, and so a changed row."""
    try:
        return json.loads(text)
    except ValueError:
        return text


def _verify_end(report: Report, last: int, mac: bytes, head: Any, heads: list[Head]) -> None:
    outside = max(heads, key=lambda known: known.seq, default=None)
    if outside is not None and outside.seq > last:
        report.add("tail", _tail(last, outside.seq, outside.at), last + 1)
    elif head is not None and head.seq > last:
        report.add("tail", _tail(last, head.seq, ""), last + 1)
    if (head.seq if head else 0) < last or (head and head.seq == last and head.mac != mac):
        report.add("head", _wrong_head(last), last)


def _count_unsealed(session: Session, report: Report) -> None:
    columns = report.chain.table.c
    waiting = select(func.count(), func.min(columns.at)).where(*report.chain.own, columns.seq.is_(None))
    report.unsealed, report.oldest_unsealed = session.execute(waiting).one()


def _changed(seq: int, row_id: UUID) -> str:
    text: str = _(
        "La riga %(seq)d (%(id)s) è stata cambiata dopo essere stata sigillata. Confrontala con l'ultima copia di"
        " sicurezza e avvisa chi risponde della protezione dei dati.",
        seq=seq,
        id=row_id,
    )
    return text


def _gap(first: int, last: int) -> str:
    text: str = _(
        "Mancano le righe da %(first)d a %(last)d. Cercale nell'ultima copia di sicurezza e avvisa chi risponde della"
        " protezione dei dati.",
        first=first,
        last=last,
    )
    return text


def _tail(last: int, seq: int, at: str) -> str:
    text: str = _(
        "La catena finisce alla riga %(last)d, ma arrivava alla %(seq)d %(at)s: la coda è stata tolta. Cerca le righe"
        " nell'ultima copia di sicurezza.",
        last=last,
        seq=seq,
        at=f"({at})" if at else "",
    )
    return text


def _rewritten(head: Head) -> str:
    text: str = _(
        "La riga %(seq)d non è quella che il file delle teste ricorda dal %(at)s: la catena è stata riscritta. Conserva"
        " il file e confronta la base di dati con una copia di sicurezza anteriore.",
        seq=head.seq,
        at=head.at,
    )
    return text


def _wrong_head(last: int) -> str:
    text: str = _(
        "La testa della catena nella base di dati non corrisponde all'ultima riga (%(last)d): qualcuno ha cambiato la"
        " testa o aggiunto righe da sé.",
        last=last,
    )
    return text


def _short(file: Path, found: int, expected: int) -> str:
    text: str = _(
        "%(file)s ha %(found)d teste, dovrebbe averne almeno %(expected)d: manca o è stato accorciato. Rimetti la copia"
        " del file e ripeti la verifica.",
        file=file,
        found=found,
        expected=expected,
    )
    return text


def _damaged(file: Path, line: int) -> str:
    text: str = _(
        "%(file)s, riga %(line)d: la firma non torna. Il file è stato cambiato: rimetti la copia e ripeti la verifica.",
        file=file,
        line=line,
    )
    return text


def _key(error: Unreadable) -> str:
    text: str = _(
        "La chiave che sigilla la catena non si può leggere, quindi la catena non si può verificare: %(fact)s",
        fact=error.fact,
    )
    return text


def _trigger(name: str) -> str:
    text: str = _(
        "Manca il blocco %(name)s, che impedisce di cambiare le righe. Esegui «innesto audit protect» e cerca chi l'ha"
        " tolto.",
        name=name,
    )
    return text
