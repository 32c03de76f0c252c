"""Every address has an owner, answers whatever is put into it, and belongs to a plugin only where that plugin is on."""

from __future__ import annotations

from collections.abc import Iterator
from uuid import UUID

import pytest
from flask.testing import FlaskClient
from werkzeug.routing import AnyConverter, Rule

from core.districts import operations
from tests.support.demo import Portal

DISTRICT = "legnano"
#: A link that was sent by mail and leads nowhere any more, and the pages that such links lead to.
GONE = 410
MAILED = frozenset({"account.activate", "account.new_email", "account.new_password"})
#: What people, programs and attackers put where a word is expected.
GARBAGE = ["zz", "x" * 300, "%00", "%e2%80%ae", "..%2f..", "'\"<script>", "%ff", "1e309"]
QUERIES = [
    "",
    "q=%22*%00%e2%80%ae&page=1000000000000000000000",
    "page=-1&page_size=abc&topic=nope&municipality=%00",
    "q=" + "a" * 10_000,
    "q=lavoro&endpoint=x&_scheme=javascript&_external=1&_anchor=x&lang=en&district=nowhere&type_=x&slug=y&topic=work",
    "page=1e9&lang=xx&stato=nope&sort=nope&search=%27&id=nope&url=%5cevil",
]
NOBODY = UUID(int=7)
ROLES = ["visitor", "editor", "district_admin"]
#: Modules whose views are no plugin's.
OUTSIDE = ("core.", "flask_admin.", "flask_security.", "flask.")


def rules(portal: Portal, method: str = "GET") -> Iterator[Rule]:
    for rule in sorted(portal.app.url_map.iter_rules(), key=str):
        if method in (rule.methods or ()):
            yield rule


def address(rule: Rule, word: str, district: str = DISTRICT) -> str:
    """The rule with ``word`` in every gap that takes one."""
    path = rule.rule
    for name, converter in rule._converters.items():
        kind = type(converter).__name__
        value = {"DistrictConverter": district, "UUIDConverter": str(NOBODY)}.get(kind, word)
        if isinstance(converter, AnyConverter):
            value = min(converter.items)
        path = path.replace(next(part for part in _gaps(path) if part.endswith(f"{name}>")), value, 1)
    return path


def _gaps(path: str) -> list[str]:
    return [f"<{part.partition('>')[0]}>" for part in path.split("<")[1:]]


def client_of(portal: Portal, role: str) -> FlaskClient:
    return portal.visitor if role == "visitor" else portal.sign_in(role, DISTRICT)


def test_every_endpoint_has_an_owner(portal: Portal) -> None:
    host = portal.installation.host
    for rule in portal.app.url_map.iter_rules():
        module = portal.app.view_functions[rule.endpoint].__module__
        owner = host.owner_of(rule.endpoint.rpartition(".")[0])
        if owner:
            assert module.startswith(f"plugins.{owner}."), rule
        else:
            assert module.startswith(OUTSIDE), f"{rule}: {module} belongs to nobody"


def test_a_page_of_a_plugin_lies_under_the_segments_of_its_manifest(portal: Portal) -> None:
    host = portal.installation.host
    for rule in portal.app.url_map.iter_rules():
        owner = host.owner_of(rule.endpoint.rpartition(".")[0])
        words = [part for part in rule.rule.split("/") if part and not part.startswith("<")]
        if owner and words[0] != "api":
            assert words[0] in host.manifest(owner).segments, rule
        if owner and words[0] == "api":
            assert rule.rule.startswith(f"/api/v1/<district:district>/{owner}/"), rule


def test_every_public_page_has_its_english_address(portal: Portal) -> None:
    italian = {rule.rule for rule in rules(portal)}
    english = {path.replace("/<any(en):lang>", "", 1) for path in italian if "<any(en):lang>" in path}
    assert english <= italian
    assert {"/<district:district>/", "/<district:district>/servizi/<slug>/", "/<district:district>/cerca/"} <= english


@pytest.mark.parametrize("role", ["visitor", *(pytest.param(role, marks=pytest.mark.matrix) for role in ROLES[1:])])
def test_no_address_fails_whatever_stands_in_it(portal: Portal, role: str) -> None:
    client, failed = client_of(portal, role), []
    for rule in rules(portal):
        words = GARBAGE if set(rule.arguments) - {"district", "lang"} else GARBAGE[:1]
        for place, word in enumerate(words):
            for query in QUERIES if place == 0 else QUERIES[:1]:
                answer = client.get(f"{address(rule, word)}?{query}")
                if answer.status_code >= 500:
                    failed.append(f"{rule} {word[:20]} ?{query[:40]}: {answer.status}")
    assert failed == []


def test_a_visitor_is_answered_with_a_page_a_redirect_or_a_refusal(portal: Portal) -> None:
    seen = {portal.visitor.get(address(rule, "zz")).status_code for rule in rules(portal)}
    assert seen <= {200, 302, 303, 308, 401, 403, 404, GONE}


def test_only_pages_of_links_from_a_mail_are_gone_and_answer_every_wrong_code_alike(portal: Portal) -> None:
    """A used, an expired and an invented code get one answer, with the way to a new one: nothing is told of any."""
    gone = [rule for rule in rules(portal) if portal.visitor.get(address(rule, "zz")).status_code == GONE]
    assert {rule.endpoint for rule in gone} <= MAILED
    for rule in gone:
        first, second = (portal.visitor.get(address(rule, word)).text.partition("<main")[2] for word in ("zz", "yy"))
        assert first == second, rule


def test_an_address_of_an_unknown_district_is_not_found(portal: Portal) -> None:
    asked = [rule for rule in rules(portal) if "district" in rule.arguments]
    found = [str(rule) for rule in asked if portal.visitor.get(address(rule, "zz", "nowhere")).status_code != 404]
    assert len(asked) > 20
    assert found == []


def test_a_page_of_a_plugin_that_is_off_is_not_found_at_any_of_its_addresses(own_portal: Portal) -> None:
    actor = own_portal.system(DISTRICT)
    host = own_portal.installation.host
    for plugin in sorted(own_portal.snapshot(DISTRICT).enabled):
        with own_portal.database.write(actor.district_id) as session:
            operations.disable_plugin(session, plugin, actor=actor)
    owned = [rule for rule in rules(own_portal) if host.owner_of(rule.endpoint.rpartition(".")[0])]
    assert len(owned) > 10
    assert [str(rule) for rule in owned if own_portal.visitor.get(address(rule, "zz")).status_code != 404] == []


def test_no_address_without_an_account_opens_a_page_of_the_staff(portal: Portal) -> None:
    staff = [rule for rule in rules(portal) if "/configura/" in rule.rule or "/schede/" in rule.rule]
    opened = [str(rule) for rule in staff if portal.visitor.get(address(rule, "service")).status_code == 200]
    assert len(staff) > 10
    assert opened == []


@pytest.mark.parametrize("method", ["POST"])
def test_a_post_without_the_token_of_a_page_changes_nothing(portal: Portal, method: str) -> None:
    answers = {str(rule): portal.visitor.open(address(rule, "zz"), method=method) for rule in rules(portal, method)}
    assert {rule: a.status for rule, a in answers.items() if a.status_code not in {302, 303, 400, 401, 403, 404}} == {}
