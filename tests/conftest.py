"""What every test may ask for, and the rules of a test run."""

from __future__ import annotations

import importlib.util
import os
import shutil
from collections.abc import Generator, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.support.summary import demanded, refuse_skip, skip_lines

if TYPE_CHECKING:
    from playwright.sync_api import Browser

REPO = Path(__file__).resolve().parent.parent
SHARED_DATA = REPO.parent / "shared" / "data"
REQUIREMENTS = frozenset((REPO / "tests" / "requirements_ids.txt").read_text(encoding="ascii").split())
CHROMIUM_ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
]
#: Who asks for the fixture carries the mark, said or not: the quick run leaves it out, the whole run demands it.
NEEDED_BY = {"chromium": "browser", "postgres_url": "postgres"}
MUST_RUN = pytest.StashKey[frozenset[str]]()

if importlib.util.find_spec("tests.support.databases") is not None:
    pytest_plugins = ["tests.support.databases"]


def pytest_configure(config: pytest.Config) -> None:
    """Read what this run may not skip."""
    config.stash[MUST_RUN] = demanded(os.environ.get("INNESTO_REQUIRE", ""))


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Write requirement ids on reports, an unknown one being an error by name; mark who needs a server or a browser."""
    for item in items:
        for fixture in NEEDED_BY.keys() & set(getattr(item, "fixturenames", ())):
            item.add_marker(NEEDED_BY[fixture])
        for identifier in requirements_of(item):
            if identifier not in REQUIREMENTS:
                raise pytest.UsageError(f"{item.nodeid}: there is no requirement '{identifier}'")
            item.user_properties.append(("req", identifier))


def requirements_of(item: pytest.Item) -> list[str]:
    """The ids in the test's ``req`` marks, each once."""
    return sorted({str(name) for mark in item.iter_markers("req") for name in mark.args})


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """A skip is a failure where ``INNESTO_REQUIRE`` says that the test must run."""
    report = yield
    refuse_skip(report, [mark.name for mark in item.iter_markers()], item.config.stash[MUST_RUN])
    return report


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Say what was skipped and why."""
    lines = skip_lines(terminalreporter.stats.get("skipped", []))
    if lines:
        terminalreporter.section("skipped, and why")
        terminalreporter.write_line("\n".join(lines))


@pytest.fixture(scope="session")
def repo() -> Path:
    """The root of the project."""
    return REPO


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """Real data beside the project; a test that asks for it is skipped where they are absent."""
    if not SHARED_DATA.is_dir():
        pytest.skip("the data to try things on do not lie beside the project (../shared/data)")
    return SHARED_DATA


def chromium_path() -> str | None:
    """The browser of this machine: ``$CHROMIUM``, else the usual names on PATH."""
    names = [os.environ.get("CHROMIUM", ""), "/usr/bin/chromium", "chromium", "chromium-browser", "google-chrome"]
    return next((found for name in names if name and (found := shutil.which(name))), None)


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    """A running browser without a window, one for the whole session; each test opens a context of its own."""
    executable = chromium_path()
    if executable is None:
        pytest.skip("no Chromium on this machine: install it, or name it in CHROMIUM")
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=executable, args=CHROMIUM_ARGUMENTS)
        yield browser
        browser.close()
