"""Documents of a person: taken in, judged, opened and taken away by who may, and by nobody else."""

from __future__ import annotations

from typing import Any
from uuid import UUID, uuid4

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select
from werkzeug.test import TestResponse

from core import files
from core.audit.models import AuditEntry
from core.files.models import READY, StoredFile
from plugins.intake.models import Person
from tests.core.files.test_kinds import PDF, PNG, docx
from tests.support.canaries import Canaries
from tests.support.server import Site, email_of, token_of

TITLE, BODY = "Certificato di epilessia canarina", b"la signora canarina soffre di epilessia canarina"


def persons(site: Site, slug: str = "legnano") -> list[UUID]:
    with site.installation.database.read(site.district_id(slug)) as session:
        return list(session.scalars(select(Person.id).order_by(Person.id)))


def place(person: UUID, slug: str = "legnano") -> str:
    return f"/{slug}/allegati/intake.person/{person}/"


def send(client: FlaskClient, address: str, form: dict[str, str], content: bytes) -> TestResponse:
    """The form with a file, written out here: the test client would lay a large one into a temporary file."""
    parts = [f'--b\r\nContent-Disposition: form-data; name="{k}"\r\n\r\n{v}\r\n'.encode() for k, v in form.items()]
    head = b'--b\r\nContent-Disposition: form-data; name="file"; filename="../../canarina.exe"\r\n\r\n'
    body = b"".join([*parts, head, content, b"\r\n--b--\r\n"])
    return client.post(f"{address}nuovo", data=body, content_type="multipart/form-data; boundary=b")


def upload(
    client: FlaskClient, address: str, content: bytes, title: str = TITLE, kind: str = "personal"
) -> TestResponse:
    form = {"csrf_token": token_of(client.get(address).text), "title": title, "class": kind}
    return send(client, address, form, content)


def judge(site: Site, slug: str = "legnano") -> int:
    storage = files.Storage(site.data.folder)
    return files.settle_waiting(site.installation.database, storage, site.district_id(slug))


def stored(site: Site, slug: str = "legnano") -> list[StoredFile]:
    with site.installation.database.read(site.district_id(slug)) as session:
        return list(session.scalars(select(StoredFile).order_by(StoredFile.id)))


def looks(site: Site) -> list[tuple[str, str]]:
    with site.installation.database.read(site.district_id("legnano")) as session:
        found = session.scalars(select(AuditEntry).where(AuditEntry.part.like("file:%")).order_by(AuditEntry.id))
        return [(entry.kind, entry.purpose) for entry in found]


@pytest.fixture
def coordinator(site: Site) -> FlaskClient:
    return site.client(email_of("coordinator", "legnano"))


def given(
    site: Site, client: FlaskClient, content: bytes = PDF, kind: str = "personal", which: int = 0
) -> tuple[str, StoredFile]:
    """A document that was taken in and judged sound; the account of the person's own role is the first person's."""
    address = place(persons(site)[which])
    answer = upload(client, address, content, kind=kind)
    assert answer.status_code == 303, answer.text
    assert judge(site) == 1
    (file,) = stored(site)
    assert file.state == READY, file.reason
    return address, file


def test_a_document_waits_until_it_is_judged_and_is_opened_as_an_attachment(
    site: Site, coordinator: FlaskClient
) -> None:
    address = place(persons(site)[0])
    assert upload(coordinator, address, PDF).status_code == 303
    (file,) = stored(site)
    assert "in controllo" in coordinator.get(address).text
    assert coordinator.get(f"{address}{file.id}").status_code == 409
    assert judge(site) == 1
    answer = coordinator.get(f"{address}{file.id}")
    assert (answer.status_code, answer.data, answer.mimetype) == (200, PDF, "application/pdf")
    assert answer.headers["Content-Disposition"] == f'attachment; filename="documento-{file.id.hex[-8:]}.pdf"'
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.headers["Content-Security-Policy"] == "sandbox; default-src 'none'"
    assert answer.headers["Cache-Control"] == "no-store"
    assert looks(site) == [("create", ""), ("download", "")]


@pytest.mark.parametrize("kind", ["special", "penal"])
def test_a_delicate_document_asks_what_it_is_for_and_the_answer_is_in_the_log(
    site: Site, coordinator: FlaskClient, kind: str
) -> None:
    address, file = given(site, coordinator, kind=kind)
    assert TITLE not in coordinator.get(address).text
    asking = coordinator.get(f"{address}{file.id}")
    assert asking.mimetype == "text/html" and "Perché ti serve" in asking.text
    word = {"csrf_token": token_of(asking.text)}
    assert coordinator.post(f"{address}{file.id}", data=word).status_code == 422
    short = coordinator.post(f"{address}{file.id}", data={**word, "purpose": "other", "reason": "boh"})
    assert short.status_code == 422 and "boh" in short.text
    opened = coordinator.post(f"{address}{file.id}", data={**word, "purpose": "interview"})
    assert (opened.status_code, opened.data) == (200, PDF)
    assert opened.headers["Content-Security-Policy"] == "sandbox; default-src 'none'"
    assert looks(site) == [("create", ""), ("download", "interview")]


def test_name_and_content_lie_nowhere_in_the_clear(
    site: Site, coordinator: FlaskClient, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level("DEBUG"):
        address, file = given(site, coordinator, BODY)
        answer = coordinator.get(f"{address}{file.id}")
    assert answer.data == BODY
    birds = Canaries("epilessia canarina", "canarina.exe")
    assert not birds.in_folder(site.data.folder)
    assert not birds.in_tables(site.installation.database)
    assert not birds.in_text(caplog.text, "log")
    assert not birds.in_page(answer)
    assert {path.stat().st_mode & 0o777 for path in site.data.folder.glob("files/*/*/*")} == {0o600}


def test_a_file_that_is_not_sound_is_refused_with_the_reason_and_its_content_goes(
    site: Site, coordinator: FlaskClient
) -> None:
    address = place(persons(site)[0])
    for content in (docx(**{"word/vbaProject.bin": b"macro"}), PDF.replace(b"/Type", b"/JavaScript/Type"), PNG[:-12]):
        assert upload(coordinator, address, content).status_code == 303
    assert judge(site) == 3
    assert [file.state for file in stored(site)] == ["refused"] * 3
    assert coordinator.get(address).text.count("Salvalo di nuovo, senza password e senza macro") == 3
    assert coordinator.get(f"{address}{stored(site)[0].id}").status_code == 409
    storage = files.Storage(site.data.folder)
    assert files.sweep(site.installation.database, storage, site.district_id("legnano")) == 3
    assert not list(site.data.folder.glob("files/*/*/*"))


@pytest.mark.parametrize(
    ("content", "title", "words"),
    [
        (b"", TITLE, "Il file è vuoto"),
        (b"MZ\x90\x00", TITLE, "Questo tipo di file non si può caricare"),
        (PDF + bytes(10 * 1024 * 1024), TITLE, "il massimo è 10 MB"),
        (PDF, "", "Scrivi che cos"),
        (PDF, "x" * 201, "al massimo 200 caratteri"),
    ],
)
def test_what_cannot_be_taken_in_is_said_beside_the_form_and_the_title_is_kept(
    site: Site, coordinator: FlaskClient, content: bytes, title: str, words: str
) -> None:
    answer = upload(coordinator, place(persons(site)[0]), content, title)
    assert answer.status_code == 422
    assert words in answer.text.replace("&#39;", "'")
    assert f'value="{title}"' in answer.text or not title
    assert not stored(site) and not list(site.data.folder.glob("files/*/*/*"))


def test_no_file_at_all_is_said_and_more_than_the_server_takes_is_a_page(site: Site, coordinator: FlaskClient) -> None:
    address = place(persons(site)[0])
    form = {"csrf_token": token_of(coordinator.get(address).text), "title": "T", "class": "personal"}
    assert "Scegli il file da caricare" in coordinator.post(f"{address}nuovo", data=form).text
    assert send(coordinator, address, form, bytes(17 * 1024 * 1024)).status_code == 413


def test_an_upload_cut_short_leaves_nothing_behind(site: Site, coordinator: FlaskClient) -> None:
    address = place(persons(site)[0])
    word = token_of(coordinator.get(address).text)
    parts = [f'--b\r\nContent-Disposition: form-data; name="{k}"\r\n\r\n{v}\r\n' for k, v in (("csrf_token", word),)]
    cut = (
        "".join(parts).encode() + b'--b\r\nContent-Disposition: form-data; name="file"; filename="a.pdf"\r\n\r\n%PDF-1'
    )
    answer = coordinator.post(f"{address}nuovo", data=cut, content_type="multipart/form-data; boundary=b")
    assert answer.status_code in {400, 422}
    assert not stored(site)


def test_a_document_that_is_taken_away_is_gone_for_everybody(site: Site, coordinator: FlaskClient) -> None:
    address, file = given(site, coordinator)
    asking = coordinator.get(f"{address}{file.id}/togli")
    assert "Togli il documento?" in asking.text and stored(site)[0].state == READY
    assert coordinator.post(f"{address}{file.id}/togli", data={"csrf_token": token_of(asking.text)}).status_code == 303
    assert coordinator.get(f"{address}{file.id}").status_code == 404
    assert TITLE not in coordinator.get(address).text
    storage = files.Storage(site.data.folder)
    assert files.sweep(site.installation.database, storage, site.district_id("legnano")) == 1
    assert not list(site.data.folder.glob("files/*/*/*"))


def test_a_large_upload_is_never_laid_down_in_the_clear_on_its_way(
    site: Site, coordinator: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    def laid_down(*_facts: Any, **_more: Any) -> None:
        raise AssertionError("a temporary file")

    content = PDF.replace(b"%%EOF", b"% " + b"x" * 3 * 1024 * 1024 + b"\n%%EOF")
    monkeypatch.setattr("werkzeug.formparser.SpooledTemporaryFile", laid_down)
    address, file = given(site, coordinator, content)
    assert coordinator.get(f"{address}{file.id}").data == content


# Swapped addresses ---------------------------------------------------------------------------------------------------


def answers(client: FlaskClient, address: str, file_id: Any) -> set[int]:
    """What each way to the file answers."""
    word = {"csrf_token": "x", "purpose": "interview"}
    return {
        client.get(f"{address}{file_id}").status_code,
        client.get(f"{address}{file_id}/togli").status_code,
        client.post(f"{address}{file_id}", data=word).status_code,
        client.post(f"{address}{file_id}/togli", data=word).status_code,
    }


@pytest.mark.parametrize("kind", ["personal", "special"])
def test_a_file_is_reached_through_its_own_object_alone(site: Site, coordinator: FlaskClient, kind: str) -> None:
    address, file = given(site, coordinator, kind=kind)
    other = place(persons(site)[1])
    word = {"csrf_token": token_of(coordinator.get(other).text), "purpose": "interview"}
    for swapped in (other, other.replace("intake.person", "intake.case"), other.replace("intake.person", "service")):
        assert coordinator.get(f"{swapped}{file.id}").status_code == 404
        assert coordinator.get(f"{swapped}{file.id}/togli").status_code == 404
        assert coordinator.post(f"{swapped}{file.id}", data=word).status_code == 404
        assert coordinator.post(f"{swapped}{file.id}/togli", data=word).status_code == 404
    assert coordinator.get(f"{address}{uuid4()}").status_code == 404
    assert stored(site)[0].state == READY


def test_a_file_of_one_district_is_not_in_another(site: Site, coordinator: FlaskClient) -> None:
    address, file = given(site, coordinator)
    elsewhere = site.client(email_of("coordinator", "san-donato"))
    there = place(persons(site, "san-donato")[0], "san-donato")
    assert elsewhere.get(there).status_code == 200
    assert elsewhere.get(f"{there}{file.id}").status_code == 404
    assert elsewhere.get(f"{address}{file.id}").status_code == 404
    assert coordinator.get(f"{there}{file.id}").status_code == 404


@pytest.mark.parametrize("role", ["company-contact", "person", "table-member", "editor", "district-admin", "visitor"])
def test_who_may_not_see_the_person_finds_no_document(site: Site, coordinator: FlaskClient, role: str) -> None:
    address, file = given(site, coordinator, which=1)
    client = site.client() if role == "visitor" else site.client(email_of(role, "legnano"))
    assert client.get(address).status_code in {302, 303, 404}
    assert answers(client, address, file.id) <= {302, 303, 400, 404}
    assert client.post(f"{address}nuovo", data={"csrf_token": "x"}).status_code in {302, 303, 400, 404}
    assert looks(site) == [("create", "")]


def test_a_resource_that_is_none_is_not_there(coordinator: FlaskClient) -> None:
    for resource in ("core.account", "nessuno", "intake.nessuno", "..", "%00"):
        assert coordinator.get(f"/legnano/allegati/{resource}/{uuid4()}/").status_code == 404
