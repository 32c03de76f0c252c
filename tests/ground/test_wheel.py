"""The distribution holds all that the running portal needs, and is not built when something is missing."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from scripts.check_wheel import MANIFEST, PACKAGES, expected, problems
from scripts.repository import committed_files
from tests.support.source import copy_project

pytestmark = pytest.mark.slow


def build(project: Path) -> subprocess.CompletedProcess[str]:
    """Build a wheel into ``dist/`` of the project."""
    command = [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", "dist"]
    return subprocess.run(command, cwd=project, capture_output=True, text=True, check=False)


@pytest.fixture(scope="module")
def wheel(repo: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel of the project as it stands, with the assets and catalogues made before."""
    if not (repo / MANIFEST).exists():
        pytest.skip("the assets are not built: run `make assets`")
    project = copy_project(tmp_path_factory.mktemp("wheel"))
    shutil.copytree((repo / MANIFEST).parent, (project / MANIFEST).parent)
    for catalogue in [*(repo / "core").rglob("*.mo"), *(repo / "plugins").rglob("*.mo")]:
        shutil.copy2(catalogue, project / catalogue.relative_to(repo))
    done = build(project)
    assert done.returncode == 0, done.stdout + done.stderr
    return next((project / "dist").glob("*.whl"))


def test_the_wheel_holds_every_file_of_the_packages_and_nothing_else(wheel: Path) -> None:
    assert problems(wheel, expected(committed_files(*PACKAGES))) == []


@pytest.mark.parametrize("kind", ["/migrations/versions/", "/templates/", "/forms/", "/workflows/", "static/dist/"])
def test_the_wheel_holds_what_is_not_python(wheel: Path, kind: str) -> None:
    with zipfile.ZipFile(wheel) as archive:
        assert [name for name in archive.namelist() if kind in name]


def test_the_wheel_serves_without_the_repository(wheel: Path, tmp_path: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(tmp_path / "installed")
    environment = {**os.environ, "PYTHONPATH": str(tmp_path / "installed"), "DATA": str(tmp_path / "data")}
    environment.pop("DATABASE_URL", None)
    command = [sys.executable, "-m", "core.cli", "db", "upgrade"]
    done = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert (tmp_path / "data" / "innesto.db").exists()


def test_without_assets_no_wheel_is_built(tmp_path: Path) -> None:
    done = build(copy_project(tmp_path))
    assert done.returncode != 0
    assert "make assets" in done.stdout + done.stderr
