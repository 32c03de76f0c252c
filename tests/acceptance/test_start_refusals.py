"""What cannot work is refused at the start with one sentence: where it is written, what is wrong, what to do."""

from __future__ import annotations

import os
import shutil
import socket
from pathlib import Path

import pytest
from sqlalchemy import create_engine

import core.web.assets
from core.errors import ConfigError
from tests.support.server import REPO, DemoData, command, innesto, launch, make_site, portal

ENVIRONMENTS = {
    "a short secret": ({"SECRET_KEY": "short"}, "SECRET_KEY"),
    "a secret of one letter": ({"SECRET_KEY": "a" * 60}, "SECRET_KEY"),
    "an empty secret": ({"SECRET_KEY": ""}, "SECRET_KEY"),
    "a port that is a word": ({"PORT": "abc"}, "PORT"),
    "a port beyond the last": ({"PORT": "70000"}, "PORT"),
    "no thread": ({"THREADS": "0"}, "THREADS"),
    "a negative number of proxies": ({"PROXIES": "-1"}, "PROXIES"),
    "half a switch": ({"HTTPS": "forse"}, "HTTPS"),
    "another database": ({"DATABASE_URL": "mysql://host/name"}, "sqlite:///"),
    "no database address": ({"DATABASE_URL": "garbage"}, "DATABASE_URL"),
    "a database that nobody serves": ({"DATABASE_URL": "postgresql://a:secret@127.0.0.1:1/b"}, "DATABASE_URL"),
}


@pytest.mark.parametrize("case", ENVIRONMENTS)
def test_a_wrong_environment_is_refused_by_its_name(tmp_path: Path, case: str) -> None:
    environment, name = ENVIRONMENTS[case]
    finished = command(DemoData(tmp_path / "data"), "db", "status", **environment)
    assert finished.status == 1
    assert name in finished.err
    assert "Traceback" not in finished.said and ":secret@" not in finished.said


@pytest.mark.parametrize("place", ["file", "file/below"])
def test_a_data_folder_that_cannot_be_is_refused(tmp_path: Path, place: str) -> None:
    (tmp_path / "file").touch()
    finished = command(DemoData(tmp_path / place), "db", "status")
    assert finished.status == 1
    assert "DATA" in finished.err and "Choose a folder" in finished.err


@pytest.mark.skipif(os.geteuid() == 0, reason="the administrator may read everything")
def test_a_data_folder_of_somebody_else_is_refused(tmp_path: Path) -> None:
    (tmp_path / "data").mkdir(mode=0o500)
    finished = command(DemoData(tmp_path / "data"), "db", "status")
    assert finished.status == 1 and "DATA" in finished.err


def test_a_file_that_is_no_database_is_said_to_be_none(tmp_path: Path) -> None:
    (tmp_path / "innesto.db").write_bytes(b"not a database at all" * 500)
    finished = command(DemoData(tmp_path), "db", "status")
    assert finished.status == 1
    assert "file is not a database" in finished.err and "Traceback" not in finished.said


def test_missing_assets_stop_the_start_with_the_command_that_builds_them(
    demo: DemoData, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(core.web.assets, "DIST", tmp_path / "nothing")
    with pytest.raises(ConfigError, match="make assets"):
        make_site(demo)


def test_the_demonstration_is_not_made_over_real_districts(demo: DemoData) -> None:
    real = demo.environment()["DATA"]
    database = create_engine(f"sqlite:///{real}/innesto.db")
    with database.begin() as connection:
        connection.exec_driver_sql("UPDATE core_district SET demo = 0")
    database.dispose()
    finished = command(demo, "demo", "setup")
    assert finished.status == 1
    assert "real districts" in finished.err and "DATA" in finished.err


STARTS = {
    "a demonstration without its switch": ([], {}, "these data are a demonstration"),
    "a demonstration for other machines": (["--demo"], {"HOST": "0.0.0.0"}, "answers this machine alone"),
    "a demonstration on a public address": (["--demo"], {"HOST": "192.0.2.1"}, "answers this machine alone"),
    "a name that is no address": (["--demo"], {"HOST": "portale.example"}, "answers this machine alone"),
}


@pytest.mark.slow
@pytest.mark.parametrize("case", STARTS)
def test_a_start_that_would_show_the_demonstration_to_others_is_refused(demo: DemoData, case: str) -> None:
    options, environment, reason = STARTS[case]
    finished = innesto(demo, "run", *options, **environment)
    assert finished.returncode == 1
    assert reason in finished.stderr and "Traceback" not in finished.stderr


REFUSED = {
    "other machines under any name": ({"HOST": "0.0.0.0"}, "environment: HOSTS: "),
    "no mail server": ({"MAIL": "garbage"}, "environment: MAIL: "),
    "a mail password in clear": ({"MAIL": "smtp://a:secret@m.example?starttls=no"}, "environment: MAIL: "),
    "no sender": ({"MAIL_FROM": "nobody"}, "environment: MAIL_FROM: "),
}


@pytest.mark.slow
@pytest.mark.parametrize("case", REFUSED)
def test_a_start_that_could_not_serve_well_is_refused_by_the_name_of_the_variable(tmp_path: Path, case: str) -> None:
    environment, reason = REFUSED[case]
    finished = innesto(DemoData(tmp_path / "data"), "run", **environment)
    assert finished.returncode == 1
    assert reason in finished.stderr and "Traceback" not in finished.stderr and ":secret@" not in finished.stderr


@pytest.mark.slow
def test_tables_that_are_behind_the_code_are_refused_with_the_command_that_helps(tmp_path: Path) -> None:
    finished = innesto(DemoData(tmp_path / "data"), "run")
    assert finished.returncode == 1
    assert "innesto db upgrade" in finished.stderr and "Traceback" not in finished.stderr


@pytest.mark.slow
def test_a_port_that_is_taken_is_said_with_its_number(demo: DemoData) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        started = launch(demo, port)
        assert started.process.wait(120) == 1
    assert f"127.0.0.1:{port}" in started.said() and "Traceback" not in started.said()


@pytest.mark.slow
def test_an_empty_folder_becomes_a_demonstration_and_the_next_start_changes_nothing(tmp_path: Path) -> None:
    data = DemoData(tmp_path / "data")
    with portal(data) as first:
        before = first.get("/api/v1/legnano/public_info/search?page_size=100").json()
    with portal(data) as second:
        assert second.get("/api/v1/legnano/public_info/search?page_size=100").json() == before
        assert "Dati dimostrativi" in second.get("/").text


# --- models ----------------------------------------------------------------------------------------------------------


@pytest.fixture
def models(tmp_path: Path) -> Path:
    """A folder with one real model, to be spoilt."""
    shutil.copytree(REPO / "config" / "models" / "legnano_sisl", tmp_path / "models" / "legnano_sisl")
    return tmp_path / "models"


def create(data: DemoData, models: Path, *more: str, slug: str = "prova") -> tuple[int, str]:
    finished = command(data, "district", "create", slug, "--model", "legnano_sisl", *more, MODELS=str(models))
    assert "Traceback" not in finished.said
    return finished.status, finished.err


SPOILT = {
    "a key misspelt": ("model.toml", "claim = {", "clame = true\nclaim = {", "clame"),
    "a setting misspelt": ("model.toml", "page_size = 10", "page_sise = 10", "page_sise"),
    "a setting of another type": ("model.toml", "page_size = 10", 'page_size = "ten"', "page_size"),
    "an unknown plugin": ("model.toml", "[plugins.public_info]", "[plugins.public_inof]", "public_inof"),
    "an unknown language": ("model.toml", 'languages = ["it", "en"]', 'languages = ["it", "xx"]', "languages"),
    "text that is no TOML": ("model.toml", 'languages = ["it", "en"]', "languages = [", "model.toml"),
    "a parameter of another type": ("parameters.toml", 'type = "integer"', 'type = "number"', "type"),
    "a parameter without a day": ("parameters.toml", "valid_from = 2010-01-01", "", "valid_from"),
    "a scope that nobody declared": ("roles.toml", 'scope = "all"', 'scope = "moon"', "moon"),
}


@pytest.mark.parametrize("case", SPOILT)
def test_a_spoilt_model_is_refused_with_its_file_and_key(demo: DemoData, models: Path, case: str) -> None:
    file, before, after, name = SPOILT[case]
    path = models / "legnano_sisl" / file
    text = path.read_text("utf-8")
    assert before in text
    path.write_text(text.replace(before, after, 1), "utf-8")
    status, said = create(demo, models)
    assert status != 0
    assert file in said and name in said
    assert "prova" not in command(demo, "district", "list").out.split()


def vocabulary(models: Path, text: str) -> None:
    (models / "legnano_sisl" / "vocabularies.toml").write_text(text, "utf-8")


TERM = '[[vocabularies.terms]]\nkey = "{key}"\nlabel = {{ it = "{key}", en = "{key}" }}\nparent = "{parent}"\n'


def test_terms_that_stand_above_each_other_in_a_circle_are_refused(demo: DemoData, models: Path) -> None:
    head = '[[vocabularies]]\nkey = "topics"\nlabel = { it = "Argomenti", en = "Topics" }\n'
    vocabulary(models, head + TERM.format(key="one", parent="two") + TERM.format(key="two", parent="one"))
    status, said = create(demo, models)
    assert status != 0
    assert "vocabularies.toml" in said and "one" in said


def test_two_models_that_set_one_key_are_refused_with_both_files(demo: DemoData, models: Path) -> None:
    (models / "second").mkdir()
    text = 'key = "second"\naddon = true\nsource = "prova"\n'
    (models / "second" / "model.toml").write_text(f"{text}[plugins.public_info]\npage_size = 20\n", "utf-8")
    status, said = create(demo, models, "--with", "second")
    assert status != 0
    assert "legnano_sisl" in said and "second" in said and "page_size" in said


def test_models_that_build_on_each_other_in_a_circle_are_refused(demo: DemoData, models: Path) -> None:
    status, said = create(demo, models, "--with", "legnano_sisl")
    assert status != 0
    assert "legnano_sisl" in said


@pytest.mark.parametrize("slug", ["api", "static", "account", "configura", "health", "en", "it", "admin", "login"])
def test_an_address_that_the_system_needs_is_refused(demo: DemoData, models: Path, slug: str) -> None:
    status, said = create(demo, models, slug=slug)
    assert status != 0
    assert f"«{slug}»" in said


@pytest.mark.parametrize(
    "slug", ["Prova", "pro va", "-prova", "prova-", "a" * 41, "pro--va", "pròva", "1prova", "pro/va"]
)
def test_an_address_that_no_page_could_have_is_refused(demo: DemoData, models: Path, slug: str) -> None:
    status, said = create(demo, models, slug=slug)
    assert status != 0
    assert "slug" in said or "Usage" in said


def test_an_address_that_is_taken_is_refused(demo: DemoData, models: Path) -> None:
    status, said = create(demo, models, slug="legnano")
    assert status != 0 and "legnano" in said


def test_a_plugin_that_is_not_there_cannot_be_switched(demo: DemoData) -> None:
    for what in ("enable", "disable"):
        finished = command(demo, "plugin", what, "atlantide", "--district", "legnano")
        assert finished.status != 0 and "atlantide" in finished.err
    nowhere = command(demo, "plugin", "enable", "public_info", "--district", "atlantide")
    assert nowhere.status != 0 and "atlantide" in nowhere.err
