from core.demo.accounts import PORTAL
from tests.support.server import Site, email_of, sign_in


def test_the_door_of_the_portal_leads_its_administrator_to_the_console(site: Site) -> None:
    client = site.app.test_client()
    sign_in(client, PORTAL)
    page = client.get("/").text
    assert 'href="/configura/"' in page and "Portale di prova" in page
    assert client.get("/configura/").status_code == 200


def test_who_administers_no_installation_sees_the_own_name_alone(site: Site) -> None:
    client = site.app.test_client()
    sign_in(client, email_of("editor", "legnano"))
    page = client.get("/").text
    assert 'href="/configura/"' not in page and "di prova" in page


def test_a_visitor_is_offered_to_sign_in(site: Site) -> None:
    assert "Accedi" in site.app.test_client().get("/").text
