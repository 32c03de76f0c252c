"""What the document promises holds for every role, whatever is sent: no fault, and nothing outside the schema."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)
from sqlalchemy import select

from core.access import Actor
from core.access.models import Account
from core.records.operations import create_record
from plugins.intake.models import Case, Person
from tests.core.api.keys import Program, new_key
from tests.support.server import DemoData, Site, demonstration, email_of, make_site

SLUG = "legnano"
DOCUMENT = f"/api/v1/{SLUG}/openapi.json"
EXAMPLES = 8
CHECKS = [not_a_server_error, status_code_conformance, content_type_conformance, response_schema_conformance]
QUICK = settings(
    max_examples=EXAMPLES,
    deadline=None,
    database=None,
    derandomize=True,
    phases=[Phase.generate],
    suppress_health_check=list(HealthCheck),
)
ROLES = sorted(
    line.split('"')[1].replace("_", "-")
    for line in Path("config/models/legnano_sisl/roles.toml").read_text("utf-8").split("[[roles]]", 1)[1].splitlines()
    if line.startswith('key = "') and '"visitor"' not in line
)


@pytest.fixture(scope="module")
def portal(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """One portal for all roles: what one of them writes, the next may meet."""
    data: DemoData = demonstration().copy(tmp_path_factory.mktemp("schema") / "data")
    site = make_site(data, api_rate=100_000)
    yield site
    site.installation.database.close()


def codes(site: Site, account: str = "") -> dict[str, list[str]]:
    """The codes of persons and cases; of those of one account alone, where one is named."""
    with site.installation.database.read(site.district_id(SLUG)) as session:
        mine = select(Account.id).where(Account.email == account)
        persons = select(Person).where(Person.account_id.in_(mine)) if account else select(Person)
        found = session.scalars(persons.order_by(Person.id)).all()
        cases = session.scalars(select(Case.code).where(Case.person_id.in_([person.id for person in found]))).all()
        return {"persons": [person.code for person in found], "cases": list(cases)}


def real(path: str, known: Mapping[str, list[str]]) -> dict[str, str]:
    """Values for the gaps of a path that lead to something that is there."""
    kind = "persons" if "/persons/" in path else "cases"
    return {"type_": "service", "ref": "leg-borsa-lavoro", "code": known[kind][0]}


def sends_anything(site: Site, role: str) -> None:
    """Send what the document offers, right and wrong, with a key of the role; each answer is judged by the document."""
    key, known = new_key(site, email_of(role, SLUG), SLUG), codes(site)
    met = 0
    for found in schemathesis.openapi.from_wsgi(DOCUMENT, site.app).get_all_operations():
        operation = found.ok()

        @QUICK
        @given(case=operation.as_strategy(), there=st.booleans())
        def send(case: Any, there: bool) -> None:
            nonlocal met
            if there:
                gaps = real(case.operation.path, known)
                case.path_parameters = {name: gaps[name] for name in case.path_parameters or {}}
            case.call_and_validate(headers={"Authorization": f"Bearer {key}"}, checks=CHECKS)
            met += 1

        send()
    assert met >= EXAMPLES


@pytest.mark.slow
@pytest.mark.parametrize("role", ROLES)
def test_nothing_that_a_role_sends_is_a_fault_or_answered_outside_the_schema(portal: Site, role: str) -> None:
    sends_anything(portal, role)


@pytest.mark.slow
@pytest.mark.postgres
@pytest.mark.parametrize("role", ["editor", "coordinator"])
def test_nor_on_postgresql(postgres_demo: DemoData, role: str) -> None:
    site = make_site(postgres_demo, api_rate=100_000)
    sends_anything(site, role)
    site.installation.database.close()


def get(who: Program, path: str) -> int:
    return who.ask("GET", path).status_code


@pytest.mark.parametrize("role", ["company-contact", "person"])
def test_swapped_ids_lead_nowhere_on_any_route(portal: Site, role: str) -> None:
    email = email_of(role, SLUG)
    who = Program(portal.app.test_client(), new_key(portal, email, SLUG), SLUG)
    own, every = codes(portal, email), codes(portal)
    with portal.installation.database.write(portal.district_id(SLUG)) as session:
        actor = Actor.system(portal.district_id(SLUG), "prova")
        draft = create_record(session, "service", {"title": {"it": "Bozza nascosta"}}, actor=actor)
        ref = draft.ref
    for kind in ("persons", "cases"):
        swapped = [code for code in every[kind] if code not in own[kind]]
        assert len(swapped) > 8
        assert {get(who, f"intake/{kind}/{code}") for code in swapped} <= {403, 404}
        listed = who.ask("GET", f"intake/{kind}").get_json().get("items", [])
        assert {item["code"] for item in listed} <= set(own[kind])
    assert "Bozza nascosta" not in who.ask("GET", "records/service?public=false&page_size=100").text
    path = f"records/service/{ref}"
    assert {get(who, path), get(who, f"{path}/transitions")} == {404}
    change, step = {"version": 1, "answers": {}}, {"transition": "submit", "version": 1}
    assert who.ask("PATCH", path, change).status_code in {403, 404}
    assert who.ask("POST", f"{path}/transitions", step).status_code == 404
    offered = set(who.ask("GET", "openapi.json").get_json()["paths"])
    met = {"records/{type_}", "records/{type_}/{ref}", "records/{type_}/{ref}/transitions"}
    met |= {f"intake/{kind}{code}" for kind in ("persons", "cases") for code in ("", "/{code}")}
    assert offered == {f"/api/v1/{SLUG}/{path}" for path in (*met, "public_info/search")}
