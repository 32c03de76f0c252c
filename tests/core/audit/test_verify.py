"""What ``innesto audit verify`` finds: every way in which a chain can be touched, with the row and the remedy."""

from __future__ import annotations

import shutil
import time
from collections.abc import Callable, Sequence
from datetime import timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa
from click.testing import CliRunner

from core import clock
from core.audit.chain import Chain
from core.audit.cli import audit
from core.audit.heads import append_head, heads_file, heads_folder
from core.audit.sealer import Sealer, seal_pending
from core.audit.verify import Report, verify, verify_chain
from core.crypto import rotation
from core.db import Database, uuid7
from tests.core.audit.support import CHAIN, chained, note_some, rewrite, sealed, unprotected
from tests.core.crypto.world import HERE, THERE

INSTALLATION = Chain(None)


def kinds(report: Report) -> list[tuple[str, int | None]]:
    return [(finding.kind, finding.seq) for finding in report.findings]


def file_of(database: Database, chain: Chain = CHAIN) -> Path:
    return heads_file(heads_folder(database), chain)


@pytest.mark.parametrize("chain", [CHAIN, INSTALLATION], ids=["district", "installation"])
def test_an_untouched_chain_is_whole(database: Database, chain: Chain) -> None:
    for count in (3, 5, 2):
        sealed(database, count, chain)
    note_some(database, 2, chain.district_id)
    report = verify_chain(database, chain)
    assert (report.whole, report.rows, report.heads, report.unsealed) == (True, 10, 3, 2)
    assert [row.seq for row in chained(database, chain)] == list(range(1, 11))


def test_chains_of_districts_do_not_touch(database: Database) -> None:
    sealed(database, 3)
    sealed(database, 2, Chain(THERE))
    assert [(report.chain.name, report.rows) for report in verify(database)] == [
        ("installation", 0), ("1", 3), ("2", 2),
    ]  # fmt: skip


@pytest.mark.parametrize(
    "change",
    [
        {"who": "Nessuno"}, {"at": clock.now() - timedelta(days=1)}, {"account_id": None}, {"fields": []},
        {"details": {"number": 99}}, {"kind": "view"}, {"purpose": "x"}, {"part": "x"}, {"subject_id": uuid7()},
        {"mac": b"\0" * 32}, {"mac": None},
    ],
    # The same words in every worker: a moment or a fresh id would not be.
    ids=["who", "at", "account_id", "fields", "details", "kind", "purpose", "part", "subject_id", "mac", "no-mac"],
)  # fmt: skip
def test_a_changed_row_is_named(database: Database, change: dict[str, object]) -> None:
    sealed(database, 9)
    row = chained(database)[3]
    with unprotected(database) as connection:
        connection.execute(sa.update(CHAIN.table).where(CHAIN.table.c.id == row.id).values(**change))
    report = verify_chain(database, CHAIN)
    expected = [("changed", 4)] + ([("changed", 5)] if "mac" in change else [])
    assert kinds(report) == expected
    assert report.findings[0].row_id == row.id and str(row.id) in report.findings[0].sentence


def test_a_row_moved_to_another_district_is_found(database: Database) -> None:
    sealed(database, 3)
    sealed(database, 3, Chain(THERE))
    with unprotected(database) as connection:
        columns = CHAIN.table.c
        connection.execute(sa.delete(CHAIN.table).where(columns.district_id == THERE, columns.seq == 2))
        moving = sa.update(CHAIN.table).where(columns.district_id == HERE, columns.seq == 2)
        connection.execute(moving.values(district_id=THERE))
    assert ("gap", 2) in kinds(verify_chain(database, CHAIN))
    assert ("changed", 2) in kinds(verify_chain(database, Chain(THERE)))


def test_a_row_taken_out_of_the_middle_leaves_a_gap(database: Database) -> None:
    sealed(database, 9)
    with unprotected(database) as connection:
        connection.execute(sa.delete(CHAIN.table).where(CHAIN.table.c.seq.in_([4, 5])))
    report = verify_chain(database, CHAIN)
    assert kinds(report) == [("gap", 4)]
    assert "da 4 a 5" in report.findings[0].sentence


def test_a_gap_that_is_closed_by_numbering_anew_is_found(database: Database) -> None:
    sealed(database, 6)
    with unprotected(database) as connection:
        columns = CHAIN.table.c
        connection.execute(sa.delete(CHAIN.table).where(columns.seq == 3))
        for seq in (4, 5, 6):
            connection.execute(sa.update(CHAIN.table).where(columns.seq == seq).values(seq=seq - 1))
    found = kinds(verify_chain(database, CHAIN))
    assert {("changed", 3), ("changed", 4), ("changed", 5), ("tail", 6)} <= set(found)


def test_a_row_that_is_unsealed_leaves_a_gap(database: Database) -> None:
    sealed(database, 5)
    with unprotected(database) as connection:
        connection.execute(sa.update(CHAIN.table).where(CHAIN.table.c.seq == 2).values(seq=None, mac=None))
    seal_pending(database, CHAIN)
    assert ("gap", 2) in kinds(verify_chain(database, CHAIN))


@pytest.mark.parametrize("rewound", [False, True], ids=["tail alone", "head set back too"])
def test_a_removed_tail_is_found_even_with_the_head_set_back(database: Database, rewound: bool) -> None:
    sealed(database, 9)
    row = chained(database)[5]
    with unprotected(database) as connection:
        connection.execute(sa.delete(CHAIN.table).where(CHAIN.table.c.seq > 6))
        if rewound:
            connection.execute(sa.update(CHAIN.heads).values(seq=6, mac=row.mac, head_seq=6))
    report = verify_chain(database, CHAIN)
    assert ("tail", 7) in kinds(report)
    assert "6" in report.findings[0].sentence and "9" in report.findings[0].sentence


def test_an_emptied_chain_is_found(database: Database) -> None:
    sealed(database, 4)
    with unprotected(database) as connection:
        connection.execute(sa.delete(CHAIN.table))
        connection.execute(sa.delete(CHAIN.heads))
    assert ("tail", 1) in kinds(verify_chain(database, CHAIN))


@pytest.mark.parametrize(
    "work",
    [
        lambda database: rewrite(database, changed=[2]),
        lambda database: rewrite(database, without=[2]),
        lambda database: rewrite(database, without=[9]),
    ],
    ids=["a row changed", "a row taken out", "the tail cut"],
)
def test_a_chain_rewritten_with_the_right_key_is_found_by_the_heads(
    database: Database, work: Callable[[Database], None]
) -> None:
    sealed(database, 5)
    sealed(database, 4)
    work(database)
    found = {kind for kind, _seq in kinds(verify_chain(database, CHAIN))}
    assert found & {"rewritten", "tail"} and "changed" not in found


def test_rows_added_by_another_hand_are_found(database: Database) -> None:
    sealed(database, 3)
    rewrite(database, heads=False, changed=[3])
    assert ("head", 3) in kinds(verify_chain(database, CHAIN))


def test_a_missing_file_of_heads_is_found(database: Database) -> None:
    sealed(database, 3)
    file_of(database).unlink()
    report = verify_chain(database, CHAIN)
    assert kinds(report) == [("heads_short", None)]
    assert str(file_of(database)) in report.findings[0].sentence


def test_a_shortened_file_of_heads_is_found_also_after_it_grows_again(database: Database) -> None:
    for _ in range(3):
        sealed(database, 2)
    lines = file_of(database).read_bytes().splitlines(keepends=True)
    file_of(database).write_bytes(b"".join(lines[:2]))
    assert kinds(verify_chain(database, CHAIN)) == [("heads_short", 4)]
    sealed(database, 1)
    assert not verify_chain(database, CHAIN).whole


@pytest.mark.parametrize(
    "forge",
    [
        lambda lines: [lines[0].replace(b'"seq":2', b'"seq":1'), *lines[1:]],
        lambda lines: [lines[1], lines[0], lines[2]],
        lambda lines: [lines[0], lines[2]],
        lambda lines: [lines[0], b"not a head\n", lines[2]],
        lambda lines: [lines[0], lines[1], lines[1]],
    ],
    ids=["changed", "swapped", "taken out", "garbage", "repeated"],
)
def test_a_file_of_heads_that_was_changed_is_found(
    database: Database, forge: Callable[[Sequence[bytes]], Sequence[bytes]]
) -> None:
    for _ in range(3):
        sealed(database, 2)
    lines = file_of(database).read_bytes().splitlines(keepends=True)
    file_of(database).write_bytes(b"".join(forge(lines)))
    assert {kind for kind, _seq in kinds(verify_chain(database, CHAIN))} & {"heads_damaged", "heads_short"}


def test_every_byte_of_a_head_counts(sqlite_database: Database) -> None:
    sealed(sqlite_database, 2)
    whole = file_of(sqlite_database).read_bytes()
    for at in range(len(whole)):
        file_of(sqlite_database).write_bytes(whole[:at] + bytes([whole[at] ^ 1]) + whole[at + 1 :])
        assert not verify_chain(sqlite_database, CHAIN).whole, f"byte {at}"


def test_a_line_half_written_by_a_crash_is_no_forgery(database: Database) -> None:
    sealed(database, 3)
    with file_of(database).open("ab") as file:
        file.write(b'{"number":2,"se')
    assert verify_chain(database, CHAIN).whole
    sealed(database, 1)
    assert (verify_chain(database, CHAIN).whole, verify_chain(database, CHAIN).heads) == (True, 2)


def test_a_crash_between_head_and_commit_is_no_forgery(database: Database) -> None:
    sealed(database, 3)
    with database.all_districts("test", write=True) as session:
        session.connection().execute(sa.update(CHAIN.heads).values(heads=0, head_seq=0))
    assert append_head(database, CHAIN)
    report = verify_chain(database, CHAIN)
    assert (report.whole, report.heads) == (True, 2)


def test_heads_kept_elsewhere_find_what_was_rewritten_together_with_those_in_the_data(
    database: Database, tmp_path: Path
) -> None:
    sealed(database, 5)
    shutil.copytree(heads_folder(database), tmp_path / "elsewhere")
    rewrite(database, changed=[2])
    file_of(database).unlink()
    with database.all_districts("test", write=True) as session:
        session.connection().execute(sa.update(CHAIN.heads).values(heads=0, head_seq=0))
    append_head(database, CHAIN)
    assert verify_chain(database, CHAIN).whole
    assert ("rewritten", 5) in kinds(verify_chain(database, CHAIN, tmp_path / "elsewhere"))


def test_a_chain_outlives_a_rotation_of_the_ring(database: Database) -> None:
    sealed(database, 3)
    rotation.rotate(database)
    sealed(database, 3)
    assert verify_chain(database, CHAIN).whole


def test_without_its_key_a_chain_cannot_be_verified_and_says_so(database: Database) -> None:
    sealed(database, 3)
    with database.all_districts("test", write=True) as session:
        session.connection().exec_driver_sql("DELETE FROM core_data_key WHERE purpose = 'audit'")
    assert kinds(verify_chain(database, CHAIN)) == [("key", None)]


def test_a_missing_trigger_is_found_and_put_back(database: Database) -> None:
    sealed(database, 1)
    with database.all_districts("test", write=True) as session:
        on_table = " ON core_access_log" if database.dialect == "postgresql" else ""
        session.connection().exec_driver_sql(f"DROP TRIGGER core_access_log_no_delete{on_table}")
    assert [finding.kind for finding in verify(database)[0].findings] == ["trigger"]
    run = CliRunner()
    assert "Blocchi rimessi: 1" in run.invoke(audit, ["protect"], obj=Obj(database)).output
    assert all(report.whole for report in verify(database))


def test_the_commands_seal_and_verify_with_an_exit_code(database: Database) -> None:
    note_some(database, 4)
    run = CliRunner()
    assert "Distretto 1: sigillate 4 righe" in run.invoke(audit, ["seal"], obj=Obj(database)).output
    found = run.invoke(audit, ["verify"], obj=Obj(database))
    assert found.exit_code == 0
    assert "Distretto 1: 4 righe sigillate, 1 teste, 0 righe in attesa" in found.output
    with unprotected(database) as connection:
        connection.execute(sa.update(CHAIN.table).where(CHAIN.table.c.seq == 2).values(who="x"))
    for arguments in (["verify"], ["verify", "--district", "here"]):
        broken = run.invoke(audit, arguments, obj=Obj(database))
        assert broken.exit_code == 1
        assert "La riga 2" in broken.output and "copia di sicurezza" in broken.output
    assert run.invoke(audit, ["verify", "--district", "there"], obj=Obj(database)).exit_code == 0
    unknown = run.invoke(audit, ["verify", "--district", "nowhere"], obj=Obj(database))
    assert unknown.exit_code == 1 and "nowhere" in unknown.output


def test_many_findings_are_counted_rather_than_listed(database: Database) -> None:
    sealed(database, 60)
    with unprotected(database) as connection:
        connection.execute(sa.update(CHAIN.table).values(who="x"))
    report = verify_chain(database, CHAIN)
    assert (len(report.findings), report.untold) == (20, 40)


def test_the_sealer_seals_writes_heads_now_and_then_and_one_at_the_end(database: Database) -> None:
    sealer = Sealer(database, lambda: [HERE, THERE])
    sealer.PAUSE = 0.01
    sealer.start()
    for _ in range(3):
        note_some(database, 2)
        _until(lambda: verify_chain(database, CHAIN).unsealed == 0)
    assert verify_chain(database, CHAIN).heads <= 1
    sealer.stop()
    report = verify_chain(database, CHAIN)
    assert (report.whole, report.rows, report.heads) == (True, 6, 2)


def test_a_chain_that_cannot_be_sealed_keeps_no_other_from_it(
    database: Database, caplog: pytest.LogCaptureFixture
) -> None:
    sealed(database, 1)
    note_some(database, 1)
    note_some(database, 1, THERE)
    with database.all_districts("test", write=True) as session:
        session.connection().exec_driver_sql("UPDATE core_data_key SET wrapped = NULL WHERE district_id = 1")
    Sealer(database, lambda: [HERE, THERE]).round()
    assert verify_chain(database, Chain(THERE)).rows == 1
    assert "the chain 1 was not sealed" in caplog.text


def _until(done: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 10
    while not done():
        assert time.monotonic() < deadline
        time.sleep(0.02)


class Obj:
    """The object of the click context."""

    def __init__(self, database: Database) -> None:
        self.database, self.district_ids = database, [HERE, THERE]
