import stat
from pathlib import Path

import pytest

from core.errors import ConfigError
from core.settings import Settings


def settings(tmp_path: Path, **environ: str) -> Settings:
    return Settings.from_environment({"DATA": str(tmp_path), **environ})


def test_without_settings_the_database_lies_in_the_data_folder(tmp_path: Path) -> None:
    made = settings(tmp_path)
    assert made.database_url == f"sqlite:///{tmp_path}/innesto.db"
    assert (made.host, made.port) == ("127.0.0.1", 8000)


def test_a_secret_key_is_made_once_and_only_its_owner_reads_it(tmp_path: Path) -> None:
    first, second = settings(tmp_path), settings(tmp_path)
    assert first.secret_key == second.secret_key and len(first.secret_key) >= 32
    assert stat.S_IMODE((tmp_path / "secret.key").stat().st_mode) == 0o600


@pytest.mark.parametrize("weak", ["secret", "a" * 64, "abab" * 16, ""])
def test_a_weak_secret_is_refused_and_the_remedy_is_named(tmp_path: Path, weak: str) -> None:
    with pytest.raises(ConfigError, match=r"environment: SECRET_KEY: too weak.*Leave it out"):
        settings(tmp_path, SECRET_KEY=weak)


def test_a_strong_secret_is_taken(tmp_path: Path) -> None:
    key = "0123456789abcdefghijklmnopqrstuv"
    assert settings(tmp_path, SECRET_KEY=key).secret_key == key


@pytest.mark.parametrize("port", ["0", "65536", "eight", "-1", "٣", "1.5"])
def test_a_port_that_cannot_be_is_refused(tmp_path: Path, port: str) -> None:
    with pytest.raises(ConfigError, match="environment: PORT:"):
        settings(tmp_path, PORT=port)


@pytest.mark.parametrize(("text", "on"), [("yes", True), ("1", True), ("no", False), ("", False), ("FALSE", False)])
def test_switches_are_yes_or_no(tmp_path: Path, text: str, on: bool) -> None:
    assert settings(tmp_path, HTTPS=text).https is on


def test_a_switch_that_is_neither_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="HTTPS: 'maybe' is neither yes nor no"):
        settings(tmp_path, HTTPS="maybe")


def test_a_damaged_key_file_is_named_with_the_remedy(tmp_path: Path) -> None:
    (tmp_path / "secret.key").write_text("short")
    with pytest.raises(ConfigError, match=r"secret\.key: the key in this file is too short\. Delete the file"):
        settings(tmp_path)
