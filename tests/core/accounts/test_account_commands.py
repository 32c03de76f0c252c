from __future__ import annotations

from types import SimpleNamespace

import pytest
from click.testing import CliRunner, Result

from core.access.operations import replace_roles
from core.access.queries import account_by_email
from core.accounts.cli import account
from core.accounts.passwords import verify
from core.db import Database
from tests.core.access.world import HERE, PASSWORD, add_account

HEAD = {
    "key": "head",
    "label": {"it": "Responsabile"},
    "grants": [{"resource": "core.account", "actions": ["manage"], "scope": "all"}],
}


def run(database: Database, *words: str, typed: str | None = None) -> Result:
    return CliRunner().invoke(account, words, obj=SimpleNamespace(database=database), input=typed)


def test_an_account_is_made_with_a_password_from_standard_input(place: Database) -> None:
    made = run(place, "create", "Ada@example.it", "--name", "Ada", "--password-stdin", typed=PASSWORD + "\n")
    assert (made.exit_code, made.output) == (0, "Account creato: ada@example.it\n")
    with place.read(None) as session:
        found = account_by_email(session, "ada@example.it")
        assert found is not None
        assert verify(found.password, PASSWORD)
        assert not found.is_portal_admin


def test_a_password_is_asked_twice_and_never_shown(lite: Database) -> None:
    asked = run(lite, "create", "ada@example.it", "--name", "Ada", "--portal-admin", typed=f"{PASSWORD}\n{PASSWORD}\n")
    assert asked.exit_code == 0
    assert PASSWORD not in asked.output
    assert run(lite, "list").output == "ada@example.it  Ada  [portale]\n"


def test_a_weak_password_is_refused_in_plain_words(lite: Database) -> None:
    refused = run(lite, "create", "ada@example.it", "--name", "Ada", "--password-stdin", typed="corta\n")
    assert refused.exit_code == 1
    assert "La password deve avere almeno 12 caratteri." in refused.output
    assert run(lite, "list").output == "Non c'è nessun account.\n"


def test_roles_are_given_listed_and_taken(place: Database) -> None:
    add_account(place, "ada@example.it")
    add_account(place, "bea@example.it")
    with place.write(HERE) as session:
        replace_roles(session, [HEAD])
    for email in ("ada@example.it", "bea@example.it"):
        assert run(place, "role", "give", email, "head", "--district", "here").exit_code == 0
    assert run(place, "role", "list", "ada@example.it", "--district", "here").output == "head  Responsabile\n"
    assert run(place, "role", "take", "ada@example.it", "head", "--district", "here").exit_code == 0
    listed = run(place, "role", "list", "ada@example.it", "--district", "here")
    assert listed.output == "L'account non ha ruoli in questo distretto.\n"
    last = run(place, "role", "take", "bea@example.it", "head", "--district", "here")
    assert "unica persona che amministra" in last.output


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("role", "give", "ada@example.it", "head", "--district", "nowhere"), "Il distretto «nowhere» non c'è."),
        (("role", "give", "x@example.it", "head", "--district", "here"), "Nessun account ha l'indirizzo"),
        (("role", "give", "ada@example.it", "pope", "--district", "here"), "Il ruolo «pope» non c'è"),
        (("role", "give", "ada@example.it", "head", "--district", "here", "--until", "2001-01-01"), "dopo l'inizio"),
        (("disable", "x@example.it"), "Nessun account ha l'indirizzo"),
        (("password", "x@example.it"), "Nessun account ha l'indirizzo"),
    ],
)
def test_wrong_names_are_named(lite: Database, words: tuple[str, ...], message: str) -> None:
    add_account(lite, "ada@example.it")
    with lite.write(HERE) as session:
        replace_roles(session, [HEAD])
    refused = run(lite, *words)
    assert refused.exit_code == 1
    assert message in refused.output


def test_an_account_is_disabled_enabled_and_gets_a_new_password(lite: Database) -> None:
    add_account(lite, "ada@example.it")
    assert run(lite, "disable", "ada@example.it").exit_code == 0
    assert run(lite, "list").output == "ada@example.it  Prova  [disattivato]\n"
    assert run(lite, "enable", "ada@example.it").exit_code == 0
    changed = run(lite, "password", "ada@example.it", "--password-stdin", typed="un altro tram giallo\n")
    assert changed.exit_code == 0
    with lite.read(None) as session:
        found = account_by_email(session, "ada@example.it")
        assert found is not None
        assert verify(found.password, "un altro tram giallo")
