"""Front-end assets: addresses from the manifest, headers of what is served, and what happens when they are missing."""

from __future__ import annotations

import json
import os
import re
import runpy
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from flask import Flask

from core.errors import ConfigError
from core.web import assets
from scripts.repository import REPO

pytestmark = pytest.mark.skipif(not assets.DIST.exists(), reason="the front end is not built: run `make assets`")
NODE = runpy.run_path(str(REPO / "scripts" / "node.py"))


@pytest.fixture
def app() -> Flask:
    made = Flask("assets", static_folder=None)
    assets.serve_static(made)
    return made


def test_an_asset_has_an_address_with_the_hash_of_its_content() -> None:
    assert re.fullmatch(r"/static/app\.[0-9a-f]{12}\.css", assets.asset("app.css"))


def test_an_unknown_asset_is_an_error_that_names_it() -> None:
    with pytest.raises(ConfigError, match="no-such\\.css.*make assets"):
        assets.asset("no-such.css")


def test_missing_assets_stop_the_start_and_name_the_remedy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(assets, "DIST", tmp_path / "dist")
    with pytest.raises(ConfigError, match="not built.*make assets"):
        assets.serve_static(Flask("empty", static_folder=None))


def test_an_asset_is_kept_for_good_and_never_guessed(app: Flask) -> None:
    answer = app.test_client().get(assets.asset("app.css"), buffered=True)
    assert answer.headers["Content-Type"] == 'text/css; charset="utf-8"'
    assert "immutable" in answer.headers["Cache-Control"]
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert "Access-Control-Allow-Origin" not in answer.headers


def test_the_manifest_may_change_and_is_not_kept_for_good(app: Flask) -> None:
    assert "immutable" not in app.test_client().get("/static/manifest.json", buffered=True).headers["Cache-Control"]


@pytest.mark.parametrize("encoding", ["br", "gzip"])
def test_text_travels_compressed(app: Flask, encoding: str) -> None:
    answer = app.test_client().get(assets.asset("app.css"), headers={"Accept-Encoding": encoding}, buffered=True)
    assert answer.headers["Content-Encoding"] == encoding


@pytest.mark.parametrize("path", ["/static/../assets.py", "/static/%2e%2e/%2e%2e/assets.py", "/static/", "/static/x"])
def test_nothing_else_is_served(app: Flask, path: str) -> None:
    assert app.test_client().get(path).status_code == 404


def test_while_debugging_a_new_build_is_seen_at_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(assets, "DIST", tmp_path)
    manifest = tmp_path / "manifest.json"
    app = Flask("debugging", static_folder=None)
    app.debug = True
    with app.app_context():
        for number, name in enumerate(["app.one.css", "app.two.css"], start=1):
            manifest.write_text(json.dumps({"app.css": name}), encoding="utf-8")
            seconds = 1_000_000 + number
            os.utime(manifest, (seconds, seconds))
            assert assets.asset("app.css") == f"/static/{name}"


def test_every_built_file_is_named_in_the_manifest_and_carries_its_licence() -> None:
    manifest = json.loads((assets.DIST / "manifest.json").read_text(encoding="utf-8"))
    assert [name for name in manifest.values() if not (assets.DIST / name).exists()] == []
    assert {p.name for p in assets.DIST.glob("LICENSE-*")} == {
        "LICENSE-bootstrap-italia.txt",
        "LICENSE-titillium-web.txt",
    }


def test_every_icon_a_template_asks_for_is_in_the_sprite() -> None:
    sprite = next(assets.DIST.glob("sprites.*.svg")).read_text(encoding="utf-8")
    asked = {
        name
        for folder in ("core", "plugins")
        for path in (REPO / folder).rglob("templates/**/*.html")
        for name in re.findall(r"(?:icon|empty)\('([a-z-]+)'", path.read_text(encoding="utf-8"))
    }
    assert asked
    assert [name for name in sorted(asked) if f'id="it-{name}"' not in sprite] == []


def build(folder: Path, out: Path) -> subprocess.CompletedProcess[str]:
    """Run the build of ``folder`` into ``out``."""
    if not (REPO / "frontend" / "node_modules").exists():
        pytest.skip("the front end's packages are not installed: run `make assets`")
    script = [sys.executable, str(REPO / "scripts" / "node.py"), str(folder / "build.mjs")]
    environment = {**os.environ, "INNESTO_ASSETS": str(out)}
    return subprocess.run(script, env=environment, capture_output=True, text=True, check=False)


def copy_of_the_project(folder: Path, icons: str) -> Path:
    """The front end beside one plugin with icons of its own."""
    shutil.copytree(REPO / "frontend", folder / "frontend", ignore=shutil.ignore_patterns("node_modules"))
    (folder / "frontend" / "node_modules").symlink_to(REPO / "frontend" / "node_modules")
    (folder / "plugins" / "sample").mkdir(parents=True)
    (folder / "plugins" / "sample" / "icons.json").write_text(icons, encoding="utf-8")
    return folder / "frontend"


def test_the_same_sources_give_the_same_bytes(tmp_path: Path) -> None:
    for name in ("one", "two"):
        assert build(REPO / "frontend", tmp_path / name).returncode == 0
    one, two = ({p.name: p.read_bytes() for p in (tmp_path / name).iterdir()} for name in ("one", "two"))
    assert one == two


def test_a_plugin_may_add_an_icon(tmp_path: Path) -> None:
    done = build(copy_of_the_project(tmp_path, '["it-camera"]'), tmp_path / "out")
    assert done.returncode == 0, done.stderr
    assert 'id="it-camera"' in next((tmp_path / "out").glob("sprites.*.svg")).read_text(encoding="utf-8")


def test_an_unknown_icon_stops_the_build_by_name_and_leaves_the_old_files(tmp_path: Path) -> None:
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "old.css").touch()
    done = build(copy_of_the_project(tmp_path, '["it-unicorn"]'), tmp_path / "out")
    assert done.returncode != 0
    assert "plugins/sample/icons.json" in done.stderr
    assert "it-unicorn" in done.stderr
    assert (tmp_path / "out" / "old.css").exists()


@pytest.mark.parametrize(
    ("answer", "version"), [("v20.19.4\n", (20, 19)), ("v8.1.0", (8, 1)), ("", (0, 0)), ("node 20", (0, 0))]
)
def test_the_version_of_node_is_read_from_its_answer(answer: str, version: tuple[int, int]) -> None:
    assert NODE["version_of"](answer) == version


def test_npm_is_told_from_a_script() -> None:
    node = NODE["Node"](("node",), ("node", "npm-cli.js"))
    assert node.command(["npm", "ci"]) == ["node", "npm-cli.js", "ci"]
    assert node.command(["build.mjs"]) == ["node", "build.mjs"]
