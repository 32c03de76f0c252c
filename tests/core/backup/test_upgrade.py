"""An upgrade is tried on a copy that leaves no trace, and begins with a backup."""

from __future__ import annotations

from pathlib import Path

from core.backup.create import verify
from core.backup.keys import RecoveryKey
from core.backup.restoring import restore
from core.backup.upgrading import try_upgrade, upgrade
from core.db import Database, migrate
from core.db.owners import MigrationOwner
from core.installation import Installation
from tests.core.backup.dumps import files_below
from tests.support.databases import table_names

STEP = """
import sqlalchemy as sa
from alembic import op
revision, down_revision = "0002", "0001"
def upgrade():
    {body}
def downgrade():
    pass
"""
WORKS = "op.execute(\"UPDATE core_event SET last_error = 'provato'\")"
FAILS = 'op.execute("UPDATE core_event SET last_error = \'a meta\'"); raise RuntimeError("passo sbagliato")'


def with_step(installation: Installation, folder: Path, body: str) -> list[MigrationOwner]:
    """The histories with one more step, of the plugin ``example``."""
    owners = []
    for owner in installation.migration_owners:
        if owner.name == "example":
            made = folder / "versions"
            made.mkdir()
            for file in owner.folder.glob("0*.py"):
                (made / file.name).write_text(file.read_text())
            (made / "0002_more.py").write_text(STEP.format(body=body))
            owner = MigrationOwner(owner.name, made)  # noqa: PLW2901
        owners.append(owner)
    return owners


def traces(database: Database) -> tuple[int, int]:
    with database.all_districts("look at the traces of a test") as session:
        run = session.connection().exec_driver_sql
        touched = run("SELECT count(*) FROM core_event WHERE last_error <> ''").scalar_one()
        return touched, run("SELECT count(*) FROM core_event").scalar_one()


def schemas(database: Database) -> list[str]:
    if database.dialect == "sqlite":
        return []
    with database.all_districts("look at the schemas of a test") as session:
        found = session.connection().exec_driver_sql("SELECT nspname FROM pg_namespace ORDER BY nspname")
        return list(found.scalars())


def test_a_trial_runs_the_steps_on_a_copy_and_leaves_no_trace(any_busy: Installation, tmp_path: Path) -> None:
    database, owners = any_busy.database, with_step(any_busy, tmp_path, WORKS)
    before = table_names(database), traces(database), schemas(database), set(files_below(database.data_dir))
    assert before[1][1] > 0 and before[1][0] == 0
    trial = try_upgrade(database, owners)
    assert list(trial.steps) == ["example: 0002"] and not trial.problems
    assert trial.copying > 0 and trial.upgrading > 0
    assert (table_names(database), traces(database), schemas(database), set(files_below(database.data_dir))) == before
    assert migrate.pending(database, owners) == ["example: 0002"]


def test_a_step_that_fails_is_told_and_leaves_no_trace(any_busy: Installation, tmp_path: Path) -> None:
    database, owners = any_busy.database, with_step(any_busy, tmp_path, FAILS)
    before = table_names(database), traces(database), schemas(database)
    trial = try_upgrade(database, owners)
    assert list(trial.problems) == ["RuntimeError: passo sbagliato"] and not trial.steps
    assert (table_names(database), traces(database), schemas(database)) == before


def test_an_upgrade_begins_with_a_backup_that_leads_back(
    any_busy: Installation, key: RecoveryKey, tmp_path: Path
) -> None:
    database, owners = any_busy.database, with_step(any_busy, tmp_path, WORKS)
    summary, steps = upgrade(database, owners, tmp_path / "before.innesto", key)
    assert steps == ["example: 0002"] and traces(database)[0] == traces(database)[1] > 0
    assert summary == verify(tmp_path / "before.innesto", key) and summary.revisions["example"] == "0001"
    restore(tmp_path / "before.innesto", key, any_busy.migration_owners, tmp_path / "goal")
    back = Database(f"sqlite:///{tmp_path / 'goal' / 'innesto.db'}", data_dir=tmp_path / "goal")
    assert traces(back)[0] == 0
    back.close()


def test_an_older_backup_is_brought_up_to_date(any_busy: Installation, key: RecoveryKey, tmp_path: Path) -> None:
    owners = with_step(any_busy, tmp_path, WORKS)
    from core.backup.create import back_up

    back_up(any_busy.database, any_busy.migration_owners, tmp_path / "old.innesto", key)
    found = restore(tmp_path / "old.innesto", key, owners, tmp_path / "goal")
    assert list(found.steps) == ["example: 0002"]
    new = Database(f"sqlite:///{tmp_path / 'goal' / 'innesto.db'}", data_dir=tmp_path / "goal")
    assert traces(new)[0] == traces(new)[1] > 0
    new.close()
