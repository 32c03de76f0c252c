"""Files are judged by what they contain: what is taken in, what is refused and why."""

from __future__ import annotations

import io
import time
import zipfile
import zlib

import pytest

from core.errors import Refused
from core.files.kinds import MOST_ENTRIES, MOST_OBJECTS, examine, kind_of

PDF = b"%PDF-1.7\n1 0 obj<</Type/Catalog>>endobj\ntrailer<</Root 1 0 R>>\n%%EOF\n"
PNG = b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR" + bytes(13) + b"\x00\x00\x00\x00IEND\xaeB`\x82"
JPEG = b"\xff\xd8\xff\xe0\x00\x10JFIF\x00" + bytes(20) + b"\xff\xd9"
ODT = "application/vnd.oasis.opendocument.text"


def archive(entries: dict[str, bytes], *, stored: tuple[str, ...] = ("mimetype",)) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as made:
        for name, content in entries.items():
            made.writestr(name, content, zipfile.ZIP_STORED if name in stored else zipfile.ZIP_DEFLATED)
    return out.getvalue()


def odt(**more: bytes) -> bytes:
    return archive({"mimetype": ODT.encode(), "content.xml": b"<x/>", **more})


def docx(**more: bytes) -> bytes:
    return archive({"[Content_Types].xml": b"<Types/>", "word/document.xml": b"<w/>", **more})


@pytest.mark.parametrize(
    ("content", "key"),
    [
        (PDF, "pdf"),
        (PNG, "png"),
        (JPEG, "jpeg"),
        (odt(), "odt"),
        (docx(), "docx"),
        ("Perché no: è così\r\n\tfine".encode(), "text"),
        (b"\xef\xbb\xbfcon segno iniziale", "text"),
    ],
)
def test_a_sound_file_is_recognised_whatever_it_is_called(content: bytes, key: str) -> None:
    assert examine(content).key == key


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"MZ\x90\x00" + bytes(200),
        b"<html><script>alert(1)</script>\x00",
        b"GIF89a" + bytes(30),
        b"\x7fELF" + bytes(30),
        archive({"a.txt": b"solo un archivio"}),
        archive({"mimetype": b"application/vnd.oasis.opendocument.spreadsheet", "content.xml": b""}),
        b"PK\x03\x04 e poi niente",
        "testo in UTF-16".encode("utf-16"),
        b"testo con un \x00 dentro",
        b"\x1b[31mcolori del terminale",
    ],
)
def test_any_other_kind_is_refused_at_the_door(content: bytes) -> None:
    with pytest.raises(Refused):
        kind_of(content)


@pytest.mark.parametrize(
    "active",
    [
        b"/JavaScript",
        b"/JS(app.alert(1))",
        b"/J#61vaScript",
        b"/#4a#53 1 0 R",
        b"/Launch",
        b"/EmbeddedFile",
        b"/RichMedia",
        b"/XFA[]",
    ],
)
def test_a_pdf_that_does_something_by_itself_is_refused(active: bytes) -> None:
    with pytest.raises(Refused) as refused:
        examine(PDF.replace(b"/Type/Catalog", b"/Type/Catalog/OpenAction<<" + active + b">>"))
    assert refused.value.code == "unsound_file"


def stream(content: bytes, head: bytes = b"/Length 9") -> bytes:
    """A PDF with one stream."""
    return b"%PDF-1.7\n1 0 obj<<" + head + b">>\nstream\n" + content + b"\nendstream endobj\n%%EOF\n"


def objects(content: bytes, more: bytes = b"/Filter/FlateDecode", kind: bytes = b"/Type/ObjStm") -> bytes:
    """A PDF whose objects are packed into a stream."""
    return stream(content, kind + b"/N 1/First 5" + more)


JAVASCRIPT = b"1 0 <</S/JavaScript/JS(app.alert(1))>>"


@pytest.mark.parametrize(
    "content",
    [
        objects(zlib.compress(JAVASCRIPT)),
        objects(zlib.compress(JAVASCRIPT), b"/Filter [ /FlateDecode ]"),
        objects(zlib.compress(b"1 0 <</S/J#61vaScript/JS 2 0 R>>"), kind=b"/Type/Obj#53tm"),
        objects(zlib.compress(b"1 0 <</XFA[]>>"), b"/X (1 0 obj)/Filter/FlateDecode"),
        objects(JAVASCRIPT, b""),
        objects(zlib.compress(zlib.compress(JAVASCRIPT)), b"/Filter[/FlateDecode/FlateDecode]"),
        objects(zlib.compress(JAVASCRIPT).hex().encode(), b"/Filter[/ASCIIHexDecode /FlateDecode]"),
        objects(b"chiuso da una password"),
        objects(zlib.compress(JAVASCRIPT), b"/Filter/FlateDecode/DecodeParms<</Predictor 12>>"),
        objects(zlib.compress(bytes(MOST_OBJECTS + 1))),
        stream(b"(" + JAVASCRIPT + b")"),
        stream(b"x").replace(b"\nendstream", b""),
    ],
)
def test_a_pdf_cannot_hide_what_does_something_by_itself(content: bytes) -> None:
    with pytest.raises(Refused) as refused:
        examine(content)
    assert refused.value.code == "unsound_file"


def test_objects_packed_as_all_programs_do_are_taken_in() -> None:
    assert examine(objects(zlib.compress(b"1 0 <</Type/Catalog/Pages 2 0 R>>"))).key == "pdf"


def test_the_bytes_of_a_scanned_page_may_look_like_a_short_name() -> None:
    assert examine(stream(b"\x01/JS \x02/XFA\x03")).key == "pdf"


def test_a_pdf_of_ten_megabytes_made_to_keep_us_busy_does_not() -> None:
    content = b"%PDF-1.7\n" + b">>stream\n" * 1_100_000 + b"%%EOF"
    began = time.process_time()
    with pytest.raises(Refused):
        examine(content)
    assert time.process_time() - began < 5


@pytest.mark.parametrize("content", [PDF, PNG, JPEG])
def test_a_file_of_two_kinds_is_refused(content: bytes) -> None:
    both = content + archive({"evil.html": b"<script>"}) + b"%%EOF IEND \xff\xd9"
    with pytest.raises(Refused):
        examine(both)
    with pytest.raises(Refused):
        kind_of(b"\0" + content)


def test_a_page_of_the_web_is_a_plain_text_and_is_given_back_as_one() -> None:
    assert examine(b"<html><script>alert(1)</script></html>").media_type == "text/plain"


def test_words_that_only_begin_like_an_active_name_do_no_harm() -> None:
    assert examine(PDF.replace(b"/Type/Catalog", b"/Type/Catalog/JSON 1/Launched 2")).key == "pdf"


@pytest.mark.parametrize("content", [PDF[:-7], PNG[:-12], JPEG[:-2], odt()[:-30], docx()[:-30]])
def test_a_file_cut_short_is_refused(content: bytes) -> None:
    with pytest.raises(Refused):
        examine(content)


@pytest.mark.parametrize(
    "content",
    [
        docx(**{"word/vbaProject.bin": b"macro"}),
        odt(**{"Basic/Standard/Module1.xml": b"macro"}),
        odt(**{"Scripts/python/evil.py": b"macro"}),
        docx(**{"word/embeddings/setup.exe": b"MZ"}),
    ],
)
def test_a_text_with_macros_or_programs_is_refused(content: bytes) -> None:
    with pytest.raises(Refused):
        examine(content)


def test_an_archive_that_swells_is_refused_without_being_unpacked() -> None:
    with pytest.raises(Refused):
        examine(odt(**{"big.xml": bytes(50 * 1024 * 1024)}))


def test_an_archive_of_too_many_parts_is_refused() -> None:
    with pytest.raises(Refused):
        examine(odt(**{f"p{n}": b"" for n in range(MOST_ENTRIES + 1)}))
    assert examine(odt(**{f"p{n}": b"" for n in range(MOST_ENTRIES - 2)})).key == "odt"


def test_an_archive_behind_a_password_is_refused() -> None:
    content = bytearray(odt())
    at = content.index(b"PK\x03\x04")
    content[at + 6] |= 1
    central = content.index(b"PK\x01\x02")
    content[central + 8] |= 1
    with pytest.raises(Refused):
        examine(bytes(content))
