"""Which files are taken in, judged by what they contain and never by their name."""

from __future__ import annotations

import re
import zipfile
import zlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from io import BytesIO
from typing import Final

from core.errors import Refused
from core.i18n import _

#: Limits of an archive (ODT and DOCX are archives): entries, bytes unpacked, how much an entry may swell.
MOST_ENTRIES, MOST_UNPACKED, MOST_SWELLING = 2_000, 200 * 1024 * 1024, 200
#: Names that make a PDF do something by itself. The short ones also happen by chance in compressed pictures: they are
#: looked for outside them alone. A script needs its long name as well, except in a rendition.
ACTIVE_PDF = (b"JavaScript", b"Launch", b"EmbeddedFile", b"RichMedia", b"Rendition")
SHORT_ACTIVE_PDF = (b"JS", b"XFA")
#: Bytes that the packed objects of a PDF may unpack to, all together.
MOST_OBJECTS = 64 * 1024 * 1024
TAIL = 2_048
#: Where the directory of an archive ends; it may be followed by a comment of this many bytes.
ARCHIVE_END, LONGEST_COMMENT = b"PK\x05\x06", 65_535 + 22

Check = Callable[[bytes], bool]


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of file: its media type, the ending its name gets, and how its content is recognised and judged."""

    key: str
    media_type: str
    ending: str
    begins: tuple[bytes, ...]
    sound: Check


def kind_of(content: bytes) -> Kind:
    """The kind of a file. Raises Refused for an empty file and for every kind that is not in the list."""
    if not content:
        raise Refused(_("Il file è vuoto. Scegline un altro."), code="empty_file")
    for kind in KINDS.values():
        if content.startswith(kind.begins) and (kind.key not in _ARCHIVES or _mime_of(content) == _ARCHIVES[kind.key]):
            return kind
    if _is_text(content):
        return TEXT
    message = _("Questo tipo di file non si può caricare. Si caricano PDF, immagini PNG e JPEG, testi ODT, DOCX e TXT.")
    raise Refused(message, code="file_kind")


def examine(content: bytes) -> Kind:
    """The kind of a file whose inside is sound. Raises Refused: damaged, active content, an archive that swells."""
    kind = kind_of(content)
    try:
        sound = kind.sound(content) and (kind.key in _ARCHIVES or not _is_archive_too(content))
    except (zipfile.BadZipFile, ValueError, KeyError, EOFError, NotImplementedError, RuntimeError):
        # RuntimeError: an archive behind a password.
        sound = False
    if not sound:
        message = _(
            "Il file è rovinato, è protetto da una password o contiene parti che si avviano da sole. "
            "Salvalo di nuovo, senza password e senza macro, e riprova."
        )
        raise Refused(message, code="unsound_file")
    return kind


def _is_text(content: bytes) -> bool:
    try:
        text = content.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return all(character.isprintable() or character in "\r\n\t\ufeff" for character in text)


def _is_archive_too(content: bytes) -> bool:
    """Whether a file of another kind can also be opened as an archive, which is read from its end."""
    return ARCHIVE_END in content[-LONGEST_COMMENT:]


def _pdf(content: bytes) -> bool:
    if b"%%EOF" not in content[-TAIL:] or _names(content, ACTIVE_PDF):
        return False
    outside, packed = _taken_apart(content)
    return not any(_names(part, (*ACTIVE_PDF, *SHORT_ACTIVE_PDF)) for part in (outside, *packed))


def _names(content: bytes, names: tuple[bytes, ...]) -> bool:
    """Whether one of the names stands in a part of a PDF, also written with escapes: ``/J#61vaScript``."""
    plain = _unescaped(content)
    return any(re.search(rb"/" + name + rb"(?![A-Za-z0-9])", plain) for name in names)


def _unescaped(content: bytes) -> bytes:
    return re.sub(rb"#([0-9A-Fa-f]{2})", lambda found: bytes([int(found[1], 16)]), content)


def _taken_apart(content: bytes) -> tuple[bytes, list[bytes]]:
    """A PDF without its streams, and the streams that hold objects, unpacked. Raises ValueError for unreadable ones."""
    outside, packed, at, left = [], [], 0, MOST_OBJECTS
    while found := _STREAM.search(content, at):
        end = content.index(b"endstream", found.end())
        head = _unescaped(content[at : found.start()])
        if b"/ObjStm" in head:
            packed.append(_unpacked(head, content[found.end() : end], left))
            left -= len(packed[-1])
        outside.append(content[at : found.start()])
        at = end
    return b"\n".join((*outside, content[at:])), packed


def _unpacked(head: bytes, stream: bytes, most: int) -> bytes:
    """The objects in a stream. Packed in another way than all programs do, they could hide anything: ValueError."""
    if b"/Filter" not in head:
        return stream
    if b"/Predictor" in head or _TWO_FILTERS.search(head) or not _ONE_FILTER.search(head):
        raise ValueError("objects packed in an unusual way")
    try:
        plain = zlib.decompressobj().decompress(stream, most + 1)
    except zlib.error as error:
        raise ValueError("objects that cannot be unpacked") from error
    if len(plain) > most:
        raise ValueError("too many objects")
    return plain


_STREAM = re.compile(rb">>\s*stream\r?\n")
_ONE_FILTER = re.compile(rb"/Filter\s*\[?\s*/FlateDecode")
_TWO_FILTERS = re.compile(rb"/Filter\s*\[[^\]]*Decode[^\]]*Decode")


def _png(content: bytes) -> bool:
    return content[12:16] == b"IHDR" and b"IEND" in content[-TAIL:]


def _jpeg(content: bytes) -> bool:
    return b"\xff\xd9" in content[-TAIL:]


def _archive(content: bytes) -> bool:
    with zipfile.ZipFile(BytesIO(content)) as archive:
        entries = archive.infolist()
        macros = any(
            re.search(r"(?i)vbaProject|^Basic/|^Scripts/|\.(exe|dll|js|vbs|bat)$", e.filename) for e in entries
        )
        if macros or len(entries) > MOST_ENTRIES or sum(e.file_size for e in entries) > MOST_UNPACKED:
            return False
        return all(e.file_size <= MOST_SWELLING * max(e.compress_size, 1_024) for e in entries)


def _mime_of(content: bytes) -> str:
    """What an archive says it is: the entry ``mimetype`` of ODT, the main part of DOCX."""
    try:
        with zipfile.ZipFile(BytesIO(content)) as archive:
            names = set(archive.namelist())
            if "mimetype" in names and archive.getinfo("mimetype").file_size < TAIL:
                return archive.read("mimetype").decode("ascii", "replace").strip()
            return _DOCX if "word/document.xml" in names else ""
    except (zipfile.BadZipFile, ValueError, KeyError, EOFError, NotImplementedError, RuntimeError):
        return ""


_ODT: Final = "application/vnd.oasis.opendocument.text"
_DOCX: Final = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
_ARCHIVES: Mapping[str, str] = {"odt": _ODT, "docx": _DOCX}

KINDS: Mapping[str, Kind] = {
    kind.key: kind
    for kind in (
        Kind("pdf", "application/pdf", ".pdf", (b"%PDF-",), _pdf),
        Kind("png", "image/png", ".png", (b"\x89PNG\r\n\x1a\n",), _png),
        Kind("jpeg", "image/jpeg", ".jpg", (b"\xff\xd8\xff",), _jpeg),
        Kind("odt", _ODT, ".odt", (b"PK\x03\x04",), _archive),
        Kind("docx", _DOCX, ".docx", (b"PK\x03\x04",), _archive),
    )
}
TEXT: Final = Kind("text", "text/plain", ".txt", (), _is_text)
BY_KEY: Mapping[str, Kind] = {**KINDS, TEXT.key: TEXT}
