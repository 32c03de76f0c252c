"""Roles in the console: the matrix, the effects before a change, conflicts, copies, the way back to the model."""

from __future__ import annotations

import html
import re
from collections.abc import Iterator
from pathlib import Path
from uuid import UUID

import pytest
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from core import clock
from core.access import Actor, load_actor
from core.access.models import Role
from core.access.operations import give_role
from core.access.queries import account_by_email
from core.audit.models import AuditEntry
from core.districts import diff, operations
from core.districts.export import as_tables
from core.districts.loading import load_model
from core.districts.models import Organisation
from core.districts.overrides import effective, load_overrides
from tests.core.console.world import ADMIN, EDITOR, HERE, Portal, make_portal, token_of

ROLES = f"/{HERE}/configura/ruoli/"
TABLE = f"{ROLES}table_member/"
REQUESTS = f"{TABLE}permessi/core.parameter"
READS = {"actions-0": "read", "scope-0": "all"}


@pytest.fixture
def portal(tmp_path: Path) -> Iterator[Portal]:
    """Roles as the model writes them, anew for each test."""
    made = make_portal(tmp_path)
    yield made
    made.installation.database.close()


def send(client: FlaskClient, url: str, page: str, **data: object) -> TestResponse:
    """Fill in the form of ``page`` with its hidden fields and send it to ``url``."""
    shown = client.get(page)
    assert shown.status_code == 200, shown.status
    return client.post(url, data={"csrf_token": token_of(shown.text), **hidden(shown.text), **data})


def hidden(text: str) -> dict[str, str]:
    found = re.findall(r'<input type="hidden" name="(version|spec)" value="([^"]*)"', text)
    return {name: html.unescape(value) for name, value in found}


def confirm(
    client: FlaskClient, effects: TestResponse, step: str = "salva", role: str = "table_member"
) -> TestResponse:
    """Press the button of a page of effects."""
    assert effects.status_code in {200, 409}, effects.text
    data = {"csrf_token": token_of(effects.text), **hidden(effects.text)}
    return client.post(f"{ROLES}{role}/{step}", data=data)


def grants_of(portal: Portal, email: str) -> set[tuple[str, str, str]]:
    with portal.installation.database.read(portal.numbers[HERE]) as session:
        account = account_by_email(session, email)
        assert account
        actor = load_actor(session, account.id, two_factor=True)
        return {(grant.resource, grant.action, grant.scope) for grant in actor.grants}


def hold(portal: Portal, email: str, role: str) -> UUID:
    number = portal.numbers[HERE]
    with portal.installation.database.write(number) as session:
        account = account_by_email(session, email)
        assert account
        give_role(session, account, role, actor=Actor.system(number, "test"))
        return account.id


def role_of(portal: Portal, key: str) -> Role:
    with portal.installation.database.read(portal.numbers[HERE]) as session:
        return session.query(Role).filter_by(key=key).one()


def widen(portal: Portal, client: FlaskClient) -> None:
    """Let the members of the table read the parameters."""
    answer = confirm(client, send(client, REQUESTS, REQUESTS, **READS))
    assert (answer.status_code, answer.location) == (303, TABLE)


def test_a_change_is_made_only_after_its_effects_were_seen(portal: Portal) -> None:
    hold(portal, EDITOR, "table_member")
    client = portal.client(ADMIN)
    effects = send(client, REQUESTS, REQUESTS, **READS)
    assert "parametri: legge, tutte." in effects.text
    assert "Una persona ha questo ruolo: per lei cambia da subito." in effects.text
    assert ("core.parameter", "read", "all") not in grants_of(portal, EDITOR)
    assert confirm(client, effects).status_code == 303
    assert ("core.parameter", "read", "all") in grants_of(portal, EDITOR)
    assert "cambiato qui" in client.get(TABLE).text


def test_who_loses_what_is_said_by_name_unless_another_role_gives_it(portal: Portal) -> None:
    hold(portal, EDITOR, "table_member")
    client = portal.client(ADMIN)
    page = f"{TABLE}permessi/service"
    # The editor's own role lets her read services as well: she loses nothing.
    assert "Nessuno: chi ha questo ruolo non perde niente" in send(client, page, page).text
    widen(portal, client)
    lost = send(client, REQUESTS, REQUESTS).text
    assert "Prova editor perde: parametri: legge, tutte." in lost


def test_two_people_editing_one_role_both_see_the_other_version(portal: Portal) -> None:
    client, other = portal.client(ADMIN), portal.client("portal@example.org")
    mine = send(client, REQUESTS, REQUESTS, **READS)
    page = f"{TABLE}permessi/core.district"
    assert confirm(other, send(other, page, page, **READS)).status_code == 303
    conflict = confirm(client, mine)
    assert conflict.status_code == 409
    assert "Qualcun altro ha cambiato questo ruolo nel frattempo." in conflict.text
    # What the other gave and I would take away, and what I add.
    assert "nome, contatti e stato del distretto: legge, tutte." in conflict.text
    assert "parametri: legge, tutte." in conflict.text
    hold(portal, EDITOR, "table_member")
    assert ("core.district", "read", "all") in grants_of(portal, EDITOR)
    assert confirm(client, conflict).status_code == 303
    assert ("core.parameter", "read", "all") in grants_of(portal, EDITOR)
    assert ("core.district", "read", "all") not in grants_of(portal, EDITOR)


def test_nobody_widens_the_own_role_and_narrowing_the_last_administrators_is_refused(portal: Portal) -> None:
    client = portal.client(ADMIN)
    page = f"{ROLES}district_admin/permessi/intake.case"
    wider = send(client, page, page, **{"actions-0": "read", "scope-0": "all", "group-plain-0": "read"})
    refused = confirm(client, wider, role="district_admin")
    assert refused.status_code == 409
    assert "Hai questo ruolo" in refused.text
    page = f"{ROLES}district_admin/permessi/core.account"
    refused = confirm(client, send(client, page, page), role="district_admin")
    assert refused.status_code == 409
    assert "unica persona che amministra il distretto" in refused.text
    retired = confirm(client, client.get(f"{ROLES}district_admin/ritira"), "ritira", "district_admin")
    assert retired.status_code == 409
    assert ("core.account", "manage", "all") in grants_of(portal, ADMIN)


def test_a_console_change_outlives_the_model_and_stands_in_diff_and_export(portal: Portal) -> None:
    number, database = portal.numbers[HERE], portal.installation.database
    widen(portal, portal.client(ADMIN))
    bundle = load_model(portal.installation.models_dir, "legnano_sisl", portal.installation.catalogue)
    with database.write(number) as session:
        assert diff.preview(session, bundle) == ()
        operations.apply_bundle(session, bundle, actor=Actor.system(number, "test"))
        roles = as_tables(effective(bundle, load_overrides(session)))["roles.toml"]["roles"]
    exported = next(role for role in roles if role["key"] == "table_member")
    assert {"resource": "core.parameter", "actions": ["read"], "states": [], "scope": "all"} in exported["grants"]
    hold(portal, EDITOR, "table_member")
    assert ("core.parameter", "read", "all") in grants_of(portal, EDITOR)


def test_a_changed_role_returns_to_the_model(portal: Portal) -> None:
    client = portal.client(ADMIN)
    widen(portal, client)
    effects = client.get(f"{TABLE}modello")
    assert "parametri: legge, tutte." in effects.text
    assert confirm(client, effects, "modello").status_code == 303
    assert role_of(portal, "table_member").origin == "model"
    assert "Torna al modello" not in client.get(TABLE).text


def test_a_role_is_copied_under_another_name_and_compared(portal: Portal) -> None:
    client = portal.client(ADMIN)
    page = f"{ROLES}nuovo?da=tutor"
    answer = send(client, page, page, key="tutor_sera", label__it="Tutor della sera", label__en="Evening tutor")
    assert (answer.status_code, answer.location) == (303, f"{ROLES}tutor_sera/")
    assert role_of(portal, "tutor_sera").two_factor
    same = client.get(f"{ROLES}confronta?a=tutor&b=tutor_sera").text
    assert "I due ruoli hanno gli stessi permessi." in same
    apart = client.get(f"{ROLES}confronta?a=tutor&b=educator").text
    assert apart.index("Differenze") < apart.index("Uguali")
    assert "dati penali: li legge" in apart
    taken = send(client, page, page, key="tutor_sera", label__it="Ancora")
    assert taken.status_code == 422
    assert "C&#39;è già un ruolo con questa chiave." in taken.text


def test_a_retired_role_gives_nothing_and_its_holders_stay_readable(portal: Portal) -> None:
    hold(portal, EDITOR, "table_member")
    client = portal.client(ADMIN)
    assert confirm(client, client.get(f"{TABLE}ritira"), "ritira").status_code == 303
    assert "Prova editor" in client.get(TABLE).text
    with portal.installation.database.read(portal.numbers[HERE]) as session:
        account = account_by_email(session, EDITOR)
        assert account
        assert {g.role for g in load_actor(session, account.id, two_factor=True).grants} == {"editor", "visitor"}


def test_a_forged_specification_is_no_way_in(portal: Portal) -> None:
    client = portal.client(ADMIN)
    effects = send(client, REQUESTS, REQUESTS, **READS)
    for spec in ("{", "[]", '{"key": "x"}', '{"key": "x", "label": {"it": "x"}, "grants": [{"resource": 1}]}'):
        data = {"csrf_token": token_of(effects.text), "version": "1", "spec": spec}
        assert client.post(f"{TABLE}salva", data=data).status_code == 400
    bad = '{"key":"x","label":{"it":"X"},"grants":[{"resource":"no.such","actions":["read"],"scope":"all"}]}'
    data = {"csrf_token": token_of(effects.text), "version": "1", "spec": bad}
    assert client.post(f"{TABLE}salva", data=data).status_code == 422
    assert role_of(portal, "table_member").origin == "model"


def test_every_change_leaves_a_row_in_the_audit(portal: Portal) -> None:
    begun = clock.now()
    widen(portal, portal.client(ADMIN))
    with portal.installation.database.read(portal.numbers[HERE]) as session:
        row = session.query(AuditEntry).filter(AuditEntry.part == "change_role", AuditEntry.at >= begun).one()
    assert (row.kind, row.resource, row.who) == ("act", "core.role", "Prova district_admin")
    assert row.details["added"] == ["core.parameter:read:all"]


def people_page(portal: Portal, email: str) -> str:
    with portal.installation.database.read(None) as session:
        account = account_by_email(session, email)
    assert account
    return f"/{HERE}/configura/persone/{account.id}/"


def test_a_role_is_given_for_a_body_and_a_municipality_with_days(portal: Portal) -> None:
    client, page = portal.client(ADMIN), people_page(portal, EDITOR)
    with portal.installation.database.read(portal.numbers[HERE]) as session:
        body = session.query(Organisation).filter_by(key="cps").one().id
    facts = {"role": "case_manager", "organisation": str(body), "municipality": "015118"}
    period = {"valid_from": "2026-11-22", "valid_to": "2027-05-31"}
    answer = send(client, f"{page}dai", page, **facts, **period)
    assert answer.status_code == 303
    text = client.get(page).text
    assert "CPS e centri diurni di Legnano e Parabiago, Legnano" in text
    assert "22 novembre 2026 alle 0.00" in text
    assert "1º giugno 2027 alle 0.00" in text
    wrong = send(client, f"{page}dai", page, role="case_manager", valid_from="domani", municipality="015118")
    assert wrong.status_code == 422
    assert "Scrivi la data come 2026-11-22." in wrong.text
    nowhere = send(client, f"{page}dai", page, role="case_manager", municipality="001001")
    assert nowhere.status_code == 422
    assert "Questo Comune non è nel distretto." in nowhere.text


@pytest.mark.req("LEG-086")
def test_the_role_shows_the_municipalities_that_have_no_single_referent(portal: Portal) -> None:
    client, person = portal.client("portal@example.org"), people_page(portal, EDITOR)
    page = f"{ROLES}single_referent/"
    everybody = {town.name for town in portal.snapshot().municipalities.values()}
    assert uncovered(client.get(page).text) == everybody
    facts = {"role": "single_referent", "municipality": "015118"}
    assert send(client, f"{person}dai", person, **facts).status_code == 303
    assert uncovered(client.get(page).text) == everybody - {portal.snapshot().municipalities["015118"].name}
    step = f"{person}disattiva"
    assert send(client, step, step).status_code == 303
    assert uncovered(client.get(page).text) == everybody
    assert "scoperti" not in client.get(f"{ROLES}tutor/").text


def uncovered(page: str) -> set[str]:
    """The municipalities of the panel, as they are read."""
    panel = page.partition('id="scoperti"')[2].partition("</table>")[0]
    return {html.unescape(name).strip() for name in re.findall(r"<t[dh][^>]*>\s*(?:<[^>]+>)*([^<>]+)", panel)} - {
        "Comune"
    }


@pytest.mark.req("LEG-086")
def test_a_second_single_referent_takes_over_or_is_refused(portal: Portal) -> None:
    client, first, second = portal.client("portal@example.org"), people_page(portal, EDITOR), people_page(portal, ADMIN)
    facts = {"role": "single_referent", "municipality": "015118"}
    assert send(client, f"{first}dai", first, **facts).status_code == 303
    refused = send(client, f"{second}dai", second, **facts)
    assert refused.status_code == 409
    assert "Questo Comune ha già una persona con questo ruolo: Prova editor." in refused.text
    assert send(client, f"{second}dai", second, takeover="si", **facts).status_code == 303
    assert "Referente unico del Comune" in client.get(first).text.partition("Ruoli finiti")[2]
    taken = re.search(
        r'href="([^"]*incarico=[^"]*single_referent[^"]*|[^"]*single_referent[^"]*incarico=[^"]*)"',
        client.get(second).text,
    )
    assert taken
    url = html.unescape(taken[1])
    assert send(client, url, url).status_code == 303
    assert "Referente unico del Comune" in client.get(second).text.partition("Ruoli finiti")[2]
