"""Forms filled in by somebody who writes what the page did not ask: ids of others, fields that are no questions."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any
from uuid import UUID

import pytest
import sqlalchemy as sa
from flask.testing import FlaskClient

from core.access.models import Account
from core.districts.models import Organisation
from core.privacy.bases.models import Consent, Sharing
from core.teams.models import TeamPlace
from plugins.intake.models import Case, Person
from tests.support.server import Site, email_of, token_of

HERE, THERE = "legnano", "san-donato"
COORDINATOR, CHIEF = email_of("coordinator", HERE), email_of("district-admin", HERE)


def rows(site: Site, slug: str, entity: Any, *columns: str) -> list[tuple[Any, ...]]:
    """Some columns of every row of a district, oldest first."""
    with site.installation.database.read(site.district_id(slug)) as session:
        some = sa.select(*(getattr(entity, name) for name in columns)).order_by(entity.id)
        return [tuple(row) for row in session.execute(some)]


def post(client: FlaskClient, page: str, url: str, **form: Any) -> Any:
    """Send a form with the token of a page."""
    return client.post(url, data={"csrf_token": token_of(client.get(page).text), **form})


def everything(site: Site, slug: str = HERE) -> Sequence[Any]:
    """What none of these attacks may change."""
    persons = rows(site, slug, Person, "id", "code", "given_name", "account_id", "version", "erased_at", "municipality")
    cases = rows(site, slug, Case, "id", "code", "person_id", "state", "organisation_id")
    places = rows(site, slug, TeamPlace, "id", "object_id", "account_id", "valid_to")
    return persons, cases, places, rows(site, slug, Sharing, "id"), rows(site, slug, Consent, "id")


def test_fields_that_are_no_questions_change_nothing(site: Site) -> None:
    client, before = site.client(COORDINATOR), everything(site)
    code, version = rows(site, HERE, Person, "code", "version")[0]
    page = f"/{HERE}/persone/{code}/anagrafica/modifica"
    extra = {
        "code": "LEG-1999-0001",
        "district_id": "2",
        "account_id": str(UUID(int=1)),
        "erased_at": "2026-01-01",
        "id": "x",
    }
    answer = post(client, page, page, version=str(version), sort_name="zzz", state="closed", **extra)
    assert answer.status_code == 303
    after = everything(site)
    assert [row[:4] for row in after[0]] == [row[:4] for row in before[0]]
    assert after[1:] == before[1:]


def test_nobody_names_herself_administrator_in_the_own_profile(site: Site) -> None:
    client = site.client(COORDINATOR)
    form = {"name": "Coordinatrice", "language": "it", "is_portal_admin": "1", "email": "x@example.it", "active": "0"}
    assert (
        post(client, "/account/", "/account/profilo", **form, fs_uniquifier="x", password="x" * 20).status_code == 303
    )
    with site.installation.database.read(None) as session:
        account = session.scalars(sa.select(Account).where(Account.email == COORDINATOR)).one()
        assert (account.name, account.is_portal_admin, account.active) == ("Coordinatrice", False, True)
    assert client.get("/configura/").status_code == 403


def test_an_account_that_a_district_makes_administers_no_portal(site: Site) -> None:
    client = site.client(CHIEF)
    page = f"/{HERE}/configura/persone/new/"
    form = {
        "email": "nuova@example.it",
        "name": "Nuova",
        "role": "editor",
        "is_portal_admin": "1",
        "portal_admin": "on",
    }
    assert post(client, page, page, **form).status_code in {302, 303}
    with site.installation.database.read(None) as session:
        account = session.scalars(sa.select(Account).where(Account.email == "nuova@example.it")).one()
        assert (account.is_portal_admin, account.password) == (False, None)


def test_a_body_of_another_district_is_not_a_choice(site: Site) -> None:
    (foreign,) = rows(site, THERE, Organisation, "id")[0]
    (person,) = rows(site, HERE, Person, "id")[0]
    before, client = everything(site), site.client(COORDINATOR)
    base = f"/{HERE}/scheda-privacy/intake.person/{person}"
    answer = post(client, base, f"{base}/condivisione", organisation_id=str(foreign), basis="public_interest")
    assert answer.status_code in {404, 409, 422}
    with site.installation.database.read(None) as session:
        account = session.scalars(sa.select(Account.id).where(Account.email == email_of("editor", HERE))).one()
    page = f"/{HERE}/configura/persone/{account}/"
    given = post(site.client(CHIEF), page, f"{page}dai", role="tutor", organisation=str(foreign), municipality="")
    assert given.status_code == 422
    assert everything(site) == before


def test_a_place_in_another_team_is_not_ended_through_ones_own(site: Site) -> None:
    places = rows(site, HERE, TeamPlace, "id", "object_id")
    place, owner = places[0]
    other = next(object_id for _id, object_id in places if object_id != owner)
    before, client = everything(site), site.client(COORDINATOR)
    for step in ("chiudi", "sostituisci"):
        url = f"/{HERE}/squadra/intake.case/{other}/{place}/{step}"
        assert client.get(url).status_code == 404
        assert post(client, "/account/", url, reason="x").status_code == 404
    assert everything(site) == before


@pytest.mark.parametrize("district", [THERE, "nowhere", "../san-donato"])
def test_a_district_in_the_body_is_not_the_district_of_the_request(site: Site, district: str) -> None:
    here, there = everything(site), everything(site, THERE)
    code = rows(site, THERE, Person, "code")[0][0]
    client = site.client(COORDINATOR)
    for page in (f"/{HERE}/persone/{code}/riepilogo", f"/{THERE}/persone/{code}/riepilogo"):
        assert client.get(page, query_string={"district": HERE, "district_id": "1"}).status_code in {403, 404}
    answer = post(client, "/account/", f"/{HERE}/persone/nuova", district=district, given_name="A", family_name="")
    assert answer.status_code == 422
    assert (everything(site), everything(site, THERE)) == (here, there)


def test_a_form_without_its_own_token_or_as_json_changes_nothing(site: Site) -> None:
    before, client = everything(site), site.client(COORDINATOR)
    foreign = token_of(site.client(CHIEF).get("/account/").text)
    code = rows(site, HERE, Person, "code")[0][0]
    form = {"given_name": "Rubato", "family_name": "Rubato", "version": "1"}
    for url in (
        f"/{HERE}/persone/nuova",
        f"/{HERE}/persone/{code}/anagrafica/modifica",
        f"/{HERE}/persone/{code}/chiudi",
    ):
        assert client.post(url, data=form).status_code == 400
        assert client.post(url, data={**form, "csrf_token": foreign}).status_code == 400
        assert client.post(url, json={**form, "csrf_token": foreign}).status_code == 400
        assert client.post(url, data="csrf_token=&x", content_type="text/plain").status_code == 400
    assert everything(site) == before


def test_who_may_not_see_a_person_gets_the_answer_of_one_who_is_not_there(site: Site) -> None:
    code, id_ = next(row[:2] for row in rows(site, HERE, Person, "code", "id", "account_id") if row[2] is None)
    client = site.client(email_of("person", HERE))
    for there, nowhere in (
        (f"/{HERE}/persone/{code}/riepilogo", f"/{HERE}/persone/LEG-1999-0001/riepilogo"),
        (f"/{HERE}/mostra/intake.person/{id_}/tax_code", f"/{HERE}/mostra/intake.person/{UUID(int=7)}/tax_code"),
        (f"/{HERE}/allegati/intake.person/{id_}/", f"/{HERE}/allegati/intake.person/{UUID(int=7)}/"),
        (f"/{HERE}/scheda-privacy/intake.person/{id_}", f"/{HERE}/scheda-privacy/intake.person/{UUID(int=7)}"),
        (f"/api/v1/{HERE}/intake/persons/{code}", f"/api/v1/{HERE}/intake/persons/LEG-1999-0001"),
    ):
        found, missing = client.get(there), client.get(nowhere)
        assert found.status_code == missing.status_code in {403, 404}, there
        assert said(found.text) == said(missing.text), there


def said(page: str) -> str:
    """An error page without its number, nonce and addresses."""
    return re.sub(r'nonce="[^"]*"|href="[^"]*"|value="[^"]*"|[0-9a-f]{12}', "", page)


@pytest.mark.parametrize("path", ["intake/persons", "records/service", "nowhere"])
def test_no_cache_keeps_what_is_answered_to_a_key_right_or_wrong(site: Site, path: str) -> None:
    answer = site.client().get(f"/api/v1/{HERE}/{path}", headers={"Authorization": "Bearer innesto_stolen"})
    assert answer.status_code in {401, 404}
    assert answer.headers["Cache-Control"] == "no-store"
