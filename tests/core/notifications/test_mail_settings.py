"""MAIL and MAIL_FROM: every mistake is a message that names the variable, and never the password."""

from __future__ import annotations

import smtplib
from dataclasses import replace
from pathlib import Path

import pytest

from core.errors import ConfigError
from core.notifications.transport import Folder, Smtp, sender_of, transport_of
from core.settings import Settings
from tests.core.notifications.postoffice import post_office

SECRET = "parola-segreta"


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings.from_environment({"DATA": str(tmp_path)})


def test_without_a_server_mails_become_files_in_the_data_folder(settings: Settings) -> None:
    assert transport_of(settings) == Folder(settings.data_dir / "mail")


@pytest.mark.parametrize(
    ("address", "expected"),
    [
        ("smtp://m.example", ("m.example", 587, "start", "", "")),
        ("smtp://anna%40x.it:p%3Aw@m.example:25", ("m.example", 25, "start", "anna@x.it", "p:w")),
        ("smtps://anna:pw@m.example", ("m.example", 465, "whole", "anna", "pw")),
        ("smtp://127.0.0.1:1025", ("127.0.0.1", 1025, "", "", "")),
        ("smtp://localhost:1025", ("localhost", 1025, "", "", "")),
        ("smtp://m.example?starttls=no", ("m.example", 587, "", "", "")),
        ("smtp://anna:pw@localhost", ("localhost", 587, "start", "anna", "pw")),
    ],
)
def test_the_address_of_a_server_is_read(
    settings: Settings, address: str, expected: tuple[str, int, str, str, str]
) -> None:
    found = transport_of(replace(settings, mail=address))
    assert found == Smtp(*expected, "localhost.localdomain")
    assert not expected[-1] or expected[-1] not in repr(found)


@pytest.mark.parametrize(
    "address",
    [
        "m.example",
        "http://m.example",
        "smtp://",
        "smtp://m.example:port",
        "smtp://m.example:99999",
        "smtp://m.example/x",
        "smtp://anna@m.example",
        f"smtp://anna:{SECRET}@m.example?starttls=no",
        f"smtp://anna:{SECRET}@m.example?tls=maybe",
        f"smtp://anna:{SECRET}@[m.example",
    ],
)
def test_a_wrong_address_names_the_variable_and_hides_the_password(settings: Settings, address: str) -> None:
    with pytest.raises(ConfigError, match="environment: MAIL: ") as caught:
        transport_of(replace(settings, mail=address))
    assert SECRET not in str(caught.value)


@pytest.mark.parametrize("sender", ["Innesto", "a@", "a@b.it, c@d.it", "A <a@b.it>\nBcc: c@d.it", "<>"])
def test_a_wrong_sender_is_named(settings: Settings, sender: str) -> None:
    with pytest.raises(ConfigError, match="environment: MAIL_FROM: "):
        sender_of(replace(settings, mail_from=sender))


def test_the_sender_may_have_a_name(settings: Settings) -> None:
    found = sender_of(replace(settings, mail_from="SISL del Legnanese <sisl@legnano.example>"))
    assert (found.display_name, found.addr_spec) == ("SISL del Legnanese", "sisl@legnano.example")


def test_a_server_that_offers_no_encryption_learns_neither_password_nor_mail() -> None:
    with post_office() as office:
        way = Smtp("127.0.0.1", office.port, "start", "anna", SECRET).opened()
        with pytest.raises(smtplib.SMTPNotSupportedError):
            way.__enter__()
    assert office.heard and not any(SECRET.encode() in line or b"AUTH" in line for line in office.heard)


def test_a_server_without_tls_is_no_smtps() -> None:
    with post_office() as office, pytest.raises(OSError):
        Smtp("127.0.0.1", office.port, "whole", answer=2.0).opened().__enter__()
    assert not office.taken
