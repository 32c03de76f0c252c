"""A backup put back is the same, on another folder and on the other database, also one made under load."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import time
from pathlib import Path

import pytest
from sqlalchemy import URL

from core.audit.verify import verify as verify_audit
from core.backup.create import back_up, verify
from core.backup.keys import RecoveryKey
from core.backup.restoring import restore
from core.crypto import check_keys
from core.db import Database
from core.installation import Installation
from tests.core.backup.content import CANARY
from tests.core.backup.dumps import files_below, sqlite_dump
from tests.support.server import REPO, DemoData

KEPT = ("audit/", "files/", "keys.json", "secret.key")


def kept_files(folder: Path) -> dict[str, bytes]:
    found = files_below(folder)
    return {name: data for name, data in found.items() if name.startswith(KEPT) and not name.endswith(".part")}


def test_a_folder_comes_back_byte_for_byte(busy: Installation, key: RecoveryKey, tmp_path: Path) -> None:
    folder, goal = busy.settings.data_dir, tmp_path / "elsewhere" / "data"
    made = back_up(busy.database, busy.migration_owners, tmp_path / "b.innesto", key)
    found = restore(tmp_path / "b.innesto", key, busy.migration_owners, goal)
    assert sqlite_dump(goal / "innesto.db") == sqlite_dump(folder / "innesto.db")
    assert kept_files(goal) == kept_files(folder)
    assert found.summary == made and not found.left_out and not found.steps
    assert made.rows["core_notice"] >= 1 and made.files == len(kept_files(folder))
    assert {path.stat().st_mode & 0o077 for path in goal.rglob("*.json")} == {0}


@pytest.mark.postgres
def test_rows_survive_the_way_to_postgresql_and_back(
    busy: Installation, key: RecoveryKey, tmp_path: Path, empty_postgres_url: URL
) -> None:
    owners = busy.migration_owners
    back_up(busy.database, owners, tmp_path / "1.innesto", key)
    restore(tmp_path / "1.innesto", key, owners, tmp_path / "server", empty_postgres_url)
    server = Database(empty_postgres_url, data_dir=tmp_path / "server")
    made = back_up(server, owners, tmp_path / "2.innesto", key)
    server.close()
    assert made.dialect == "postgresql"
    restore(tmp_path / "2.innesto", key, owners, tmp_path / "home")
    home, original = tmp_path / "home" / "innesto.db", busy.settings.data_dir / "innesto.db"
    assert sqlite_dump(home, as_json=True) == sqlite_dump(original, as_json=True)
    assert kept_files(tmp_path / "home") == kept_files(busy.settings.data_dir)


@pytest.mark.slow
def test_a_backup_under_load_is_one_moment_and_its_audit_is_whole(
    any_demo: DemoData, key: RecoveryKey, tmp_path: Path
) -> None:
    installation = Installation(any_demo.settings())
    owners, marks = installation.migration_owners, tmp_path / "marks"
    marks.mkdir()
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.core.backup.busy_writer", str(marks)], cwd=REPO, env=any_demo.environment()
    )
    try:
        reached = [_wait_for(process, marks, 15)]
        for turn in range(4):
            back_up(installation.database, owners, tmp_path / f"{turn}.innesto", key)
            reached.append(_wait_for(process, marks, reached[-1] + 10))
    finally:
        process.kill()
        process.wait()
    final = _numbers(installation.database)
    for turn in range(4):
        goal = tmp_path / f"goal-{turn}"
        restore(tmp_path / f"{turn}.innesto", key, owners, goal)
        copy = Database(f"sqlite:///{goal / 'innesto.db'}", data_dir=goal)
        found = _numbers(copy)
        last = max(found["notices"])
        assert reached[turn] <= last <= reached[turn + 1]
        assert found == {name: [n for n in numbers if n <= last] for name, numbers in final.items()}
        assert [report.findings for report in verify_audit(copy)] == [[]] * len(verify_audit(copy))
        check_keys(copy)
        copy.close()
    installation.database.close()


def _wait_for(process: subprocess.Popen[bytes], marks: Path, number: int) -> int:
    limit = time.monotonic() + 90
    while time.monotonic() < limit:
        assert process.poll() is None, "the writer ended"
        text = (marks / "progress").read_text("ascii") if (marks / "progress").exists() else ""
        if text and int(text) >= number:
            return int(text)
        time.sleep(0.02)
    raise AssertionError("the writer is too slow")


def _numbers(database: Database) -> dict[str, list[int]]:
    """Which transactions are there, by each of their traces, read by plain SQL."""
    with database.all_districts("look at the traces of a test") as session:
        run = session.connection().exec_driver_sql
        urls = [text for (text,) in run("SELECT url FROM core_notice WHERE substr(url, 1, 6) = '/busy-' ORDER BY id")]
        events = [str(text) for (text,) in run("SELECT payload FROM core_event WHERE name = 'busy' ORDER BY id")]
        notes = [
            str(t) for (t,) in run("SELECT details FROM core_audit_entry WHERE resource = 'test.busy' ORDER BY id")
        ]
    number = re.compile(r"\bn['\"]: ?(\d+)")
    first = [int(found[1]) for text in events if (found := number.search(text))]
    second = [int(found[1]) for text in notes if (found := number.search(text))]
    return {"notices": [int(url.removeprefix("/busy-")) for url in urls], "events": first, "audit": second}


def test_nothing_can_be_read_in_the_file(busy: Installation, key: RecoveryKey, tmp_path: Path) -> None:
    back_up(busy.database, busy.migration_owners, tmp_path / "b.innesto", key)
    data = (tmp_path / "b.innesto").read_bytes()
    for word in (CANARY, "core_notice", "legnano", "secret.key", busy.settings.data_dir.name):
        assert word.encode() not in data
    secret = (busy.settings.data_dir / "secret.key").read_bytes()
    assert secret not in data
    assert (tmp_path / "b.innesto").stat().st_mode & 0o777 == 0o600


def test_a_process_of_its_own_finds_the_audit_whole(busy: Installation, key: RecoveryKey, tmp_path: Path) -> None:
    back_up(busy.database, busy.migration_owners, tmp_path / "b.innesto", key)
    restore(tmp_path / "b.innesto", key, busy.migration_owners, tmp_path / "goal")
    environment = {k: v for k, v in os.environ.items() if k not in {"DATABASE_URL", "SECRET_KEY"}}
    told = subprocess.run(
        [sys.executable, "-m", "core.cli", "audit", "verify"],
        cwd=REPO,
        env=environment | {"DATA": str(tmp_path / "goal")},
        capture_output=True,
        text=True,
        check=False,
    )
    assert told.returncode == 0, told.stderr


def test_reading_it_tells_what_it_holds(any_busy: Installation, key: RecoveryKey, tmp_path: Path) -> None:
    made = back_up(any_busy.database, any_busy.migration_owners, tmp_path / "b.innesto", key)
    found = verify(tmp_path / "b.innesto", key)
    assert found == made
    assert found.rows["core_district"] == 5 and found.revisions["core"]
