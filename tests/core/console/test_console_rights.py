"""Who may open the console, and which parts of it."""

from __future__ import annotations

import re

import pytest
from flask.testing import FlaskClient

from core.access import Actor
from core.access.models import Role, RoleGrant
from core.access.operations import give_role
from core.access.queries import account_by_email
from core.accounts import operations as accounts
from tests.core.console.world import ADMIN, CHEAP, EDITOR, HERE, OTHER, PASSWORD, PORTAL, Portal, post

PAGES = (
    "",
    "modifica/name",
    "modifica/hours",
    "funzioni/",
    "funzioni/public_info/",
    "funzioni/public_info/spegni",
    "funzioni/example/accendi",
    "impostazioni/",
    "impostazioni/public_info/",
    "parametri/",
    "parametri/first_interview.max_months/",
    "sinonimi/",
    "sinonimi/new/",
    "vocabolari/",
    "persone/",
    "persone/new/",
    "ruoli/",
    "storia/",
    "stato/",
)
PORTAL_PAGES = (
    "",
    "nuovo",
    "funzioni/",
    "amministratori/",
    "amministratori/nuovo",
    "stato/",
    f"distretti/{HERE}/modello",
)
MENU = re.compile(r'<li><a href="(/[^"]*configura/[^"]*)"')


@pytest.mark.parametrize("page", PAGES)
def test_a_district_page_opens_for_its_administrator_and_the_portal_alone(portal: Portal, page: str) -> None:
    url = f"/{HERE}/configura/{page}"
    answers = {who: portal.client(who).get(url).status_code for who in (ADMIN, PORTAL, EDITOR, OTHER)}
    assert answers == {ADMIN: 200, PORTAL: 200, EDITOR: 403, OTHER: 403}


@pytest.mark.parametrize("page", PORTAL_PAGES)
def test_an_installation_page_opens_for_portal_administrators_alone(portal: Portal, page: str) -> None:
    answers = {who: portal.client(who).get(f"/configura/{page}").status_code for who in (ADMIN, PORTAL, EDITOR)}
    assert answers == {ADMIN: 403, PORTAL: 200, EDITOR: 403}


@pytest.mark.parametrize("url", [f"/{HERE}/configura/parametri/", "/configura/"])
def test_a_visitor_is_sent_to_the_login_and_comes_back(portal: Portal, url: str) -> None:
    answer = portal.client().get(url)
    assert answer.status_code == 302
    assert answer.location == f"/account/accedi?next={url}"


@pytest.mark.parametrize("who", [EDITOR, OTHER])
def test_nobody_else_writes_even_with_a_valid_token(portal: Portal, who: str) -> None:
    client = portal.client(who)
    token = re.search(r'name="csrf_token" value="([^"]+)"', client.get(f"/{HERE}/oggi").text)
    assert token
    data = {"csrf_token": token[1], "claim__it": "Preso"}
    assert client.post(f"/{HERE}/configura/modifica/claim", data=data).status_code == 403
    assert portal.snapshot().claim.get("it") != "Preso"


def test_a_form_without_its_token_is_refused(portal: Portal) -> None:
    answer = portal.client(ADMIN).post(f"/{HERE}/configura/modifica/claim", data={"claim__it": "Falso"})
    assert answer.status_code == 400


def test_who_may_only_read_sees_those_parts_and_no_form(portal: Portal) -> None:
    reader = reading_client(portal)
    with portal.installation.database.read(None) as session:
        person = account_by_email(session, EDITOR)
    assert person
    for page in ("impostazioni/public_info/", "sinonimi/", "persone/", f"persone/{person.id}/", "ruoli/"):
        answer = reader.get(f"/{HERE}/configura/{page}")
        assert answer.status_code == 200
        assert f'action="/{HERE}/configura/' not in answer.text.replace('role="search" action', "")
    found = {link.removeprefix(f"/{HERE}/configura/") for link in MENU.findall(answer.text)}
    assert found == {"impostazioni/", "sinonimi/", "persone/", "ruoli/"}
    assert reader.get(f"/{HERE}/configura/sinonimi/new/").status_code == 403
    assert reader.get(f"/{HERE}/configura/parametri/").status_code == 403


def reading_client(portal: Portal) -> FlaskClient:
    """Somebody whose only role lets them read settings and people."""
    number, email = portal.numbers[HERE], "reader@here.example"
    actor = Actor.system(number, "test")
    with portal.installation.database.write(number) as session:
        role = Role(key="reader", label={"it": "Chi guarda"}, origin="console")
        session.add(role)
        session.flush()
        for resource in ("core.setting", "core.account"):
            session.add(RoleGrant(role_id=role.id, resource=resource, action="read", scope="all"))
        person = accounts.create_account(
            session, email=email, name="Legge", actor=actor, password=PASSWORD, hashing=CHEAP
        )
        give_role(session, person, "reader", actor=actor)
    return portal.client(email)


def test_the_menu_of_a_district_never_leads_into_another(portal: Portal) -> None:
    client = portal.client(PORTAL)
    for slug in (HERE, "san-donato", HERE):
        links = MENU.findall(client.get(f"/{slug}/configura/").text)
        assert links
        assert all(link.startswith(f"/{slug}/configura/") for link in links)


def test_what_flask_admin_would_write_by_itself_is_not_there(portal: Portal) -> None:
    rules = {str(rule) for rule in portal.app.url_map.iter_rules() if "configura" in str(rule)}
    assert not [rule for rule in rules if re.search(r"/(action|ajax|export|edit|details)/", rule)]
    assert not [rule for rule in rules if "static" in rule]


def test_an_account_of_another_district_is_not_found_here(portal: Portal) -> None:
    with portal.installation.database.read(None) as session:
        stranger = account_by_email(session, OTHER)
    assert stranger
    for who in (ADMIN, PORTAL):
        assert portal.client(who).get(f"/{HERE}/configura/persone/{stranger.id}/").status_code == 404


@pytest.mark.parametrize(
    "page",
    [
        "sinonimi/delete/?id=no",
        "sinonimi/delete/?id=0199d000-0000-7000-8000-000000000000",
        "sinonimi/delete/",
        "persone/0199d000-0000-7000-8000-000000000000/",
        "persone/no/",
        "parametri/none.such/",
        "funzioni/none/",
        "impostazioni/none/",
        "modifica/slug",
    ],
)
def test_an_id_that_is_not_of_this_district_is_a_page_not_found(portal: Portal, page: str) -> None:
    assert portal.client(ADMIN).get(f"/{HERE}/configura/{page}").status_code == 404


NONSENSE = ("page=-1", "page=99999999999999999999", "sort=99&desc=x", "search=%00%27%22*", "flt0_1=x")


@pytest.mark.parametrize("query", NONSENSE)
def test_a_list_survives_any_address(portal: Portal, query: str) -> None:
    client = portal.client(ADMIN)
    for page in ("storia", "sinonimi", "persone"):
        assert client.get(f"/{HERE}/configura/{page}/?{query}").status_code == 200


def test_a_synonym_group_of_another_district_cannot_be_removed(portal: Portal) -> None:
    there = portal.client(OTHER)
    post(there, "/san-donato/configura/sinonimi/new/", words="gatto\nmicio")
    link = re.search(
        r"/san-donato/configura/sinonimi/delete/\?id=([0-9a-f-]+)", there.get("/san-donato/configura/sinonimi/").text
    )
    assert link
    assert portal.client(ADMIN).get(f"/{HERE}/configura/sinonimi/delete/?id={link[1]}").status_code == 404
