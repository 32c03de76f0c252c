"""The log of who looked at a row: lines in words, what is to be checked, the file for a spreadsheet."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from core import audit, clock
from core.audit.models import AuditEntry
from core.i18n import _, _l
from core.privacy.looks import KINDS, LOOKS, Told, together, told
from core.teams import settings
from core.web.context import current
from core.web.teams.common import Shown, moment_text

#: Lines shown at most, entries read for them, and entries in the file.
MOST, MOST_READ, MOST_IN_FILE = 100, 1_000, 10_000
PERIODS: Mapping[str, Any] = {"30": _l("ultimi 30 giorni"), "90": _l("ultimi 90 giorni"), "": _l("da sempre")}
DEFAULT_PERIOD = "90"
#: What a spreadsheet would take for a formula.
FORMULA = ("=", "+", "-", "@", "\t", "\r")


def looked(row: Shown, asked: Mapping[str, str]) -> tuple[list[dict[str, Any]], bool]:
    """The lines of the log about the person behind the row, newest first, and whether there are more.

    What somebody opened again within half an hour is one line. ``asked``: ``periodo``, ``cosa``, ``solo``.
    """
    rules = Rules.of(current.session)
    only = asked.get("solo") == "controllare"
    found = _entries(row, asked, MOST_IN_FILE if only else MOST_READ)
    lines = together(_told(found, rules, only), rules.flags)
    return [_line(line, rules) for line in lines[:MOST]], len(lines) > MOST or len(found) == MOST_READ


def every_look(row: Shown, asked: Mapping[str, str]) -> list[dict[str, Any]]:
    """The same for the file: each entry is a line."""
    rules = Rules.of(current.session)
    found = _entries(row, asked, MOST_IN_FILE)
    return [_line(line, rules) for line in _told(found, rules, asked.get("solo") == "controllare")]


def _told(found: list[AuditEntry], rules: Rules, only: bool) -> list[Told]:
    return told(current.session, [entry for entry in found if not only or rules.flags(entry)], current.lang)


def _entries(row: Shown, asked: Mapping[str, str], limit: int) -> list[AuditEntry]:
    period, kind = asked.get("periodo", DEFAULT_PERIOD), asked.get("cosa", "")
    return audit.entries(
        current.session,
        subject_id=row.entry.subject(row.obj),
        since=clock.now() - timedelta(days=int(period)) if period in PERIODS and period else None,
        kinds=[kind] if kind in KINDS else None,
        limit=limit,
    )


def _line(line: Told, rules: Rules) -> dict[str, Any]:
    entry = line.entry
    return {
        "when": moment_text(entry.at),
        "first": moment_text(line.first) if line.count > 1 else "",
        "count": line.count,
        "iso": entry.at.isoformat(),
        "who": entry.who,
        "place": ", ".join(part for part in (entry.function, entry.organisation) if part),
        "what": line.what,
        "purpose": line.purpose,
        "flags": rules.flags(entry),
    }


@dataclass(frozen=True, slots=True)
class Rules:
    """When somebody should look at a line: hours of the office in Italy, purposes that say nothing."""

    opens: int | None
    closes: int | None
    generic: frozenset[str]

    @classmethod
    def of(cls, session: Session) -> Rules:
        """The figures in force today; where the model gives none, nothing is flagged for it."""
        opens, closes = (settings.optional(session, key) for key in (settings.OFFICE_OPENS, settings.OFFICE_CLOSES))
        generic = str(settings.optional(session, settings.GENERIC_PURPOSES) or "")
        words = frozenset(word.strip() for word in generic.split(","))
        if isinstance(opens, int) and isinstance(closes, int):
            return cls(opens, closes, words)
        return cls(None, None, words)

    def flags(self, entry: AuditEntry) -> list[str]:
        """What is to be checked: an emergency, an hour out of the office's, a purpose that says nothing."""
        found = [_("emergenza")] if entry.details.get("what") == "break_glass" else []
        if entry.kind in LOOKS and self.out_of_hours(entry.at):
            found.append(_("fuori orario"))
        if entry.purpose and entry.purpose in self.generic:
            found.append(_("motivo generico"))
        return found

    def out_of_hours(self, moment: datetime) -> bool:
        """Whether it is before the office opens or after it closes, in Italy."""
        if self.opens is None or self.closes is None:
            return False
        return not self.opens <= moment.astimezone(clock.ROME).hour < self.closes


def as_csv(lines: list[dict[str, Any]]) -> str:
    """The log as a spreadsheet reads it; what begins like a formula does not act as one."""
    target = io.StringIO()
    writer = csv.writer(target, delimiter=";", lineterminator="\r\n")
    writer.writerow([_("Quando"), _("Chi"), _("Per conto di"), _("Che cosa"), _("Motivo"), _("Da controllare")])
    for line in lines:
        cells = [line["iso"], line["who"], line["place"], line["what"], line["purpose"], ", ".join(line["flags"])]
        writer.writerow([harmless(str(cell)) for cell in cells])
    # A mark of byte order: without it spreadsheets misread accents.
    return "\ufeff" + target.getvalue()


def harmless(cell: str) -> str:
    """The text of a cell, with an apostrophe where a spreadsheet would compute it."""
    return f"'{cell}" if cell.startswith(FORMULA) else cell


def note_look(row: Shown, kind: str, part: str) -> None:
    """Write that the actor looked at the log itself."""
    subject: UUID = row.entry.subject(row.obj)
    audit.look(
        current.session,
        current.actor,
        kind,
        resource=row.entry.resource,
        object_id=row.obj.id,
        subject_id=subject,
        part=part,
    )
