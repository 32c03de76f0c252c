"""Words planted through the screens in every sensitive field stand nowhere in clear.

Not in the database, its log, the search index, the files, the mails, the logs, the heads of the audit or a backup made
meanwhile; not in titles, addresses and links of the pages; not in the search of anybody.
"""

from __future__ import annotations

import io
import logging
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest
import sqlalchemy as sa
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from core import files
from core.audit.chain import Chain
from core.audit.heads import append_head
from core.audit.sealer import seal_pending
from core.backup.create import back_up
from core.backup.keys import RecoveryKey
from core.files.models import StoredFile
from core.files.worker import settle_waiting
from core.notifications.worker import postman_of
from core.teams.models import AccessRequest
from plugins.intake.models import Person
from tests.support.canaries import Canaries
from tests.support.server import DemoData, Site, email_of, make_site, token_of

SLUG = "legnano"
TAX_CODE = "ZQTAX88CANARY77"
#: Planted in fields of the person that are sealed.
SEALED = {
    "citizenship": "Zqcitizenship",
    "phone": "zqphone 0331",
    "email": "zqemail@prova.example",
    "address": "via Zqaddress 7",
    "disadvantage": "zqdisadvantage psichico",
    "followed_by": "Zqservice di cura",
    "health_notes": "zqhealth epilessia",
    "penal_notes": "zqpenal misura",
}
#: Planted in free words about somebody: why, what was asked, what was answered.
WORDS = {
    "document": "zqdocument referto",
    "title": "Zqtitle referto medico",
    "reveal": "zqreveal ragione lunga",
    "team": "zqteam ragione lunga",
    "emergency": "zqemergency sta male",
    "asked": "zqasked mi serve davvero",
    "answered": "zqanswered non serve più",
    "ended": "zqended ragione lunga",
    "request_name": "Zqrequest Nome",
    "request_contact": "zqcontact telefono",
    "request_text": "zqtext sono in cura",
    "refusal": "zqrefusal ragione lunga",
    "hold": "zqhold causa penale",
    "kept": "zqkept scritto prima",
    "company_contact": "Zqcompany Referente",
}
#: Names are columns: a list finds and sorts them. They may not stand in titles, addresses, mails, logs or the index.
NAMES = ("Zqgiven", "Zqfamily")


@dataclass
class Screens:
    """Browsers of the demonstration, and every answer that they got."""

    site: Site
    answers: list[TestResponse] = field(default_factory=list)
    browsers: dict[str, tuple[FlaskClient, str]] = field(default_factory=dict)

    def browser(self, role: str) -> tuple[FlaskClient, str]:
        if role not in self.browsers:
            client = self.site.client(email_of(role, SLUG) if role else "")
            self.browsers[role] = client, token_of(client.get("/account/" if role else "/account/accedi").text)
        return self.browsers[role]

    def get(self, role: str, path: str, status: int = 200) -> str:
        answer = self.browser(role)[0].get(f"/{SLUG}{path}")
        self.answers.append(answer)
        assert answer.status_code == status, f"{path}: {answer.status} {answer.text[:3000]}"
        return answer.text

    def post(self, role: str, path: str, status: int = 303, **form: Any) -> TestResponse:
        client, token = self.browser(role)
        answer = client.post(f"/{SLUG}{path}", data={"csrf_token": token, **form})
        self.answers.append(answer)
        assert answer.status_code == status, f"{path}: {answer.status} {answer.text[:3000]}"
        return answer


@pytest.fixture
def screens(any_demo: DemoData) -> Iterator[Screens]:
    site = make_site(any_demo)
    yield Screens(site)
    site.installation.database.close()


def plant(screens: Screens) -> None:
    """Everything that people type about somebody, by the pages on which they type it."""
    code = register(screens)
    with screens.site.installation.database.read(screens.site.district_id(SLUG)) as session:
        person = session.scalars(sa.select(Person).where(Person.code == code)).one().id
    look_and_upload(screens, code, person)
    work_together(screens, code)
    ask_for_data(screens, code)
    register_company(screens)
    keep_a_form(screens, code)


def register(screens: Screens) -> str:
    form = {"given_name": NAMES[0], "family_name": NAMES[1], "tax_code_kind": "foreign", "tax_code": TAX_CODE}
    answer = screens.post("coordinator", "/persone/nuova", **form, **SEALED)
    code = answer.headers["Location"].split("/")[-2]
    screens.get("coordinator", f"/persone/{code}/riepilogo")
    page = screens.get("coordinator", f"/persone/{code}/anagrafica")
    assert SEALED["phone"] in page and SEALED["health_notes"] not in page
    return code


def look_and_upload(screens: Screens, code: str, person: Any) -> None:
    shown = screens.post(
        "coordinator",
        f"/mostra/intake.person/{person}/health_notes",
        200,
        purpose="other",
        reason=WORDS["reveal"],
    )
    assert SEALED["health_notes"] in shown.text
    sent = {"title": WORDS["title"], "class": "special"}
    content = io.BytesIO(f"Referto: {WORDS['document']}".encode())
    screens.post("coordinator", f"/allegati/intake.person/{person}/nuovo", **sent, file=(content, "Zqtitle.txt"))
    installation = screens.site.installation
    settle_waiting(installation.database, files.Storage(installation.settings.data_dir), screens.site.district_id(SLUG))
    with installation.database.read(screens.site.district_id(SLUG)) as session:
        stored = session.scalars(sa.select(StoredFile.id).where(StoredFile.object_id == person)).one()
    opened = screens.post(
        "coordinator", f"/allegati/intake.person/{person}/{stored}", 200, purpose="other", reason=WORDS["reveal"]
    )
    assert WORDS["document"] in opened.text
    screens.get("coordinator", f"/persone/{code}/documenti")


def work_together(screens: Screens, code: str) -> None:
    """A place with a reason and its end, an emergency, a wish and its answer."""
    team = re.search(
        rf'href="/{SLUG}(/squadra/[^"]+/aggiungi)"', screens.get("coordinator", f"/persone/{code}/squadra")
    )
    assert team
    option = re.search(r'value="([^"]*educator[^"]*)"', screens.get("coordinator", team[1]))
    assert option
    screens.post("coordinator", team[1], who=option[1], reason=WORDS["team"])
    end = re.search(rf'href="/{SLUG}(/squadra/[^"]+/chiudi)"', screens.get("coordinator", f"/persone/{code}/squadra"))
    assert end
    screens.post("coordinator", end[1], reason=WORDS["ended"])
    screens.post("tutor", "/squadra/emergenza", code=code, reason=WORDS["emergency"], sure="1")
    screens.post("educator", "/squadra/accesso", code=code, reason=WORDS["asked"])
    with screens.site.installation.database.read(screens.site.district_id(SLUG)) as session:
        wish = session.scalars(sa.select(AccessRequest.id).where(AccessRequest.urgent.is_(False))).one()
    assert WORDS["asked"] in screens.get("coordinator", "/squadra/richieste")
    screens.post("coordinator", f"/squadra/richieste/{wish}", decision="refuse", answer=WORDS["answered"])
    for role in ("coordinator", "tutor", "educator"):
        screens.get(role, "/oggi")
        screens.get(role, "/oggi/novita")
    screens.get("coordinator", f"/persone/{code}/accessi")


def ask_for_data(screens: Screens, code: str) -> None:
    """A request that is answered with a refusal, and a hold."""
    form = {name.removeprefix("request_"): WORDS[name] for name in ("request_name", "request_contact", "request_text")}
    screens.post("data-protection", "/richieste/nuova", 201, kind="access", **form)
    found = re.search(rf'href="/{SLUG}(/richieste/[0-9a-f-]{{36}})"', screens.get("data-protection", "/richieste"))
    assert found
    shown = screens.post("data-protection", f"{found[1]}/testo", 200)
    assert WORDS["request_text"] in shown.text
    version = re.search(r'name="version" value="(\d+)"', shown.text)
    assert version
    step = {"step": "refuse", "version": version[1], "reason": WORDS["refusal"]}
    screens.post("data-protection", f"{found[1]}/passo", **step)
    screens.get("data-protection", found[1])
    screens.post("data-protection", "/configura/conservazione/blocchi", code=code, reason=WORDS["hold"])
    screens.get("data-protection", "/configura/conservazione/")


def register_company(screens: Screens) -> None:
    page = screens.get("", "/registrazione-azienda")
    hidden = dict(re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)"', page))
    facts = {"vat_number": "00743110157", "company": "Ditta di prova", "email": "ditta@prova.example"}
    screens.post("", "/registrazione-azienda", 201, **{**hidden, **facts, "name": WORDS["company_contact"]})


def keep_a_form(screens: Screens, code: str) -> None:
    """A form that meets a locked session is kept, and comes back after the password."""
    client, token = screens.browser("coordinator")
    assert client.post("/account/blocca", data={"csrf_token": token}).status_code == 303
    edit = f"/persone/{code}/anagrafica/modifica"
    screens.post("coordinator", edit, health_notes=WORDS["kept"], version="1")


def work_off(screens: Screens) -> None:
    """What the workers of the server do: mails, index, seals."""
    installation = screens.site.installation
    postman_of(installation.database, installation.settings, demo=True).deliver()
    screens.site.index(SLUG)
    for chain in (Chain(screens.site.district_id(SLUG)), Chain(None)):
        seal_pending(installation.database, chain)
        append_head(installation.database, chain)


@pytest.mark.slow
def test_nothing_sensitive_stands_in_clear_wherever_it_was_typed(
    screens: Screens, caplog: pytest.LogCaptureFixture
) -> None:
    installation = screens.site.installation
    birds = Canaries(TAX_CODE, *SEALED.values(), *WORDS.values())
    named = Canaries(*NAMES, TAX_CODE, *SEALED.values(), *WORDS.values())
    with caplog.at_level(logging.DEBUG):
        plant(screens)
        work_off(screens)
        backup = installation.settings.data_dir / "copia.innesto"
        back_up(installation.database, installation.migration_owners, backup, RecoveryKey.new())
    assert birds.in_folder(installation.settings.data_dir) == []
    assert birds.in_tables(installation.database) == []
    assert named.in_text(caplog.text, "log") == []
    apart = ("innesto.db", "innesto.db-wal", "innesto.db-shm")
    assert named.in_folder(installation.settings.data_dir, skip=apart) == []
    assert [found for answer in screens.answers for found in named.in_page(answer)] == []


@pytest.mark.slow
def test_no_search_finds_a_person_by_what_is_protected(screens: Screens) -> None:
    register(screens)
    screens.site.index(SLUG)
    said = (*NAMES, TAX_CODE, *SEALED.values())
    for role in ("", "editor", "table-member", "company-contact", "district-admin", "data-protection"):
        client = screens.browser(role)[0]
        for word in said:
            for path in (f"/{SLUG}/cerca/", f"/api/v1/{SLUG}/public_info/search"):
                page = client.get(path, query_string={"q": word}).text
                assert not [other for other in said if other != word and other in page], (role, word)
    client = screens.browser("coordinator")[0]
    for word in SEALED.values():
        # Only name, code and tax code are looked at: what is sealed is not in any index.
        assert NAMES[1] not in client.get(f"/{SLUG}/persone/", query_string={"q": word}).text
    assert NAMES[1] in client.get(f"/{SLUG}/persone/", query_string={"q": TAX_CODE}).text
