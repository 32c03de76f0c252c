"""Each process sees a change at its next request, never before the commit."""

from __future__ import annotations

import subprocess
import sys
import threading
from datetime import date
from pathlib import Path

import pytest
from sqlalchemy.orm import Session

from core.db import Database
from core.districts import operations, snapshots
from core.districts.models import District
from core.districts.snapshot import DistrictSnapshot
from core.errors import ConfigError, PluginError
from tests.core.districts.samples import NoSettings, found, system

REPO = Path(__file__).resolve().parents[3]
OTHER_PROCESS = """
import sys
from pathlib import Path
from core.access import Actor
import core.access.models
from core.db import Database
from core.districts import operations
from tests.core.districts.samples import PLUGINS
database = Database(sys.argv[1], data_dir=Path(sys.argv[2]))
with database.write(int(sys.argv[3])) as session:
    actor = Actor.system(int(sys.argv[3]), "altro processo")
    getattr(operations, sys.argv[4])(session, "extra", actor=actor, catalogue=PLUGINS)
"""


def in_another_process(database: Database, folder: Path, district: District, operation: str) -> None:
    address = database.url.render_as_string(hide_password=False)
    arguments = [sys.executable, "-c", OTHER_PROCESS, address, str(folder), str(district.id), operation]
    subprocess.run(arguments, cwd=REPO, check=True, timeout=60)


def seen(source: Session | Database, slug: str = "valle") -> DistrictSnapshot:
    snapshot = snapshots.get(source, slug)
    assert snapshot
    return snapshot


def test_a_change_made_by_another_process_is_seen_at_the_next_request(
    any_database: Database, valle: District, tmp_path: Path
) -> None:
    before = seen(any_database)
    assert not before.has("extra")
    in_another_process(any_database, tmp_path, valle, "enable_plugin")
    on = seen(any_database)
    assert on.has("extra")
    in_another_process(any_database, tmp_path, valle, "disable_plugin")
    off = seen(any_database)
    assert not off.has("extra")
    assert not before.has("extra")


def test_without_a_change_the_same_object_is_given(any_database: Database, valle: District) -> None:
    first = snapshots.get(any_database, "valle")
    with any_database.read(valle.id) as session:
        assert snapshots.get(session, "valle") is first
    with any_database.read(None) as session:
        assert snapshots.get(session, "valle") is first
    assert snapshots.by_id(any_database, valle.id) is first
    assert snapshots.get(any_database, "monte") is None


def test_a_change_is_seen_inside_its_transaction_and_by_nobody_else_until_the_commit(
    any_database: Database, valle: District
) -> None:
    session = any_database.open(valle.id, write=True)
    operations.enable_plugin(session, "extra", actor=system(valle))
    assert seen(session).has("extra")
    assert not seen(any_database).has("extra")
    session.rollback()
    session.close()
    after = seen(any_database)
    assert not after.has("extra")


def test_after_its_commit_a_session_shares_the_snapshot_of_all(any_database: Database, valle: District) -> None:
    session = any_database.open(valle.id, write=True)
    operations.enable_plugin(session, "extra", actor=system(valle))
    session.commit()
    assert snapshots.get(session, "valle") is snapshots.get(any_database, "valle")
    session.close()


def test_a_rolled_back_change_leaves_nothing_for_the_change_that_takes_its_number(
    any_database: Database, valle: District
) -> None:
    session = any_database.open(valle.id, write=True)
    operations.enable_plugin(session, "extra", actor=system(valle))
    snapshots.get(session, "valle")
    session.rollback()
    session.close()
    with any_database.write(valle.id) as session:
        operations.set_setting(session, "desk", "page_size", 7, actor=system(valle))
    now = seen(any_database)
    assert not now.has("extra")
    assert now.setting("desk", "page_size") == 7


def test_settings_and_parameters_tell_where_they_come_from(any_database: Database, valle: District) -> None:
    snapshot = seen(any_database)
    assert snapshot.setting("desk", "page_size") == 10
    assert snapshot.setting_origin("desk", "page_size").file == "valle/model.toml"
    assert snapshot.setting_origin("desk", "title").layer == "plugin"
    origin = snapshot.origin("grant.monthly_ceiling", on=date(2026, 12, 31))
    assert origin
    assert (origin.layer, origin.file, origin.source) == ("model", "valle/parameters.toml", "Carta")
    assert snapshot.parameter("grant.monthly_ceiling", on=date(2026, 12, 31)) == 26000
    assert snapshot.parameter("grant.monthly_ceiling", on=date(2027, 1, 1)) == 30000
    assert snapshot.parameter("grant.monthly_ceiling", on=date(2009, 12, 31)) is None


def test_what_does_not_exist_is_an_error_by_name(any_database: Database, valle: District) -> None:
    snapshot = seen(any_database)
    with pytest.raises(ConfigError, match=r"grant\.daily"):
        snapshot.parameter("grant.daily", on=date(2026, 1, 1))
    with pytest.raises(PluginError, match="colour"):
        snapshot.setting("desk", "colour")
    with pytest.raises(PluginError, match="nothing"):
        snapshot.setting("nothing", "colour")


def test_a_plugin_that_is_gone_takes_along_what_requires_it(any_database: Database, valle: District) -> None:
    class WithoutDesk:
        names = frozenset({"cases", "extra"})

        def requires(self, name: str) -> tuple[str, ...]:
            return ("desk",) if name == "cases" else ()

        def settings_type(self, name: str) -> type:
            return NoSettings

    snapshots.use(WithoutDesk())
    snapshot = seen(any_database)
    assert snapshot.enabled == frozenset()


@pytest.mark.req("SDO-008")
def test_districts_with_different_settings_live_side_by_side(
    any_database: Database, valle: District, models: Path
) -> None:
    monte = found(any_database, models, "monte", slug="monte")
    with any_database.write(monte.id) as session:
        operations.disable_plugin(session, "cases", actor=system(monte))
        operations.set_setting(session, "desk", "page_size", 50, actor=system(monte))
    here, there = seen(any_database), seen(any_database, "monte")
    assert (here.has("cases"), here.setting("desk", "page_size")) == (True, 10)
    assert (there.has("cases"), there.setting("desk", "page_size")) == (False, 50)


def test_many_threads_see_only_whole_configurations(sqlite_database: Database, models: Path) -> None:
    district = found(sqlite_database, models)
    wrong: list[object] = []
    done = threading.Event()

    def look() -> None:
        while not done.is_set():
            snapshot = seen(sqlite_database)
            # The title follows the size in the same transaction: a mixture would be half a change.
            if snapshot.setting("desk", "title") not in ("Sportello", str(snapshot.setting("desk", "page_size"))):
                wrong.append(snapshot)

    readers = [threading.Thread(target=look) for _ in range(4)]
    for reader in readers:
        reader.start()
    for size in range(11, 31):
        with sqlite_database.write(district.id) as session:
            operations.set_setting(session, "desk", "page_size", size, actor=system(district))
            operations.set_setting(session, "desk", "title", str(size), actor=system(district))
    done.set()
    for reader in readers:
        reader.join()
    assert wrong == []
