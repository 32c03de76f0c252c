"""The list of persons as a file. Special and penal data never leave by this way."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from flask import Response
from sqlalchemy.orm import Session

from core.toolkit import Actor, DistrictSnapshot, audit, crypto, privacy
from plugins.intake import forms, queries
from plugins.intake.permissions import PERSON
from plugins.intake.queries import Looker, Row, Wanted

#: Facts of an export: plain and personal ones alone.
EXPORTED = tuple(q for q in forms.QUESTIONS if q.group in {"plain", "personal"})
COLUMNS = ("code", *(q.key for q in EXPORTED), "case_code", "state", "registered_on", "opened_on", "closed_on")
#: A cell that begins so is run as a formula by spreadsheets.
FORMULA = ("=", "+", "-", "@", "\t", "\r")


def answer(session: Session, actor: Actor, district: DistrictSnapshot, wanted: Wanted, kind: str) -> Response:
    """The file as a download. Who calls has asked for the right; each person has an entry in the audit.

    Raises Refused where the body that takes it has no basis for somebody's data.
    """
    who = queries.looker(session, actor)
    found = list(queries.every_row(session, actor, wanted))
    privacy.require_basis_to_take(session, actor, "export", PERSON, [row.person.id for row in found])
    rows = [taken(session, who, row, "export", f"list.{kind}") for row in found]
    body, mimetype = KINDS[kind](rows)
    name = f"persone-{district.slug}.{kind}"
    headers = {"Content-Disposition": f'attachment; filename="{name}"', "Cache-Control": "no-store"}
    return Response(body, mimetype=mimetype, headers=headers)


def taken(session: Session, who: Looker, row: Row, kind: str, part: str) -> dict[str, Any]:
    """The facts of a person that leave the portal, with the entry in the audit of that person."""
    found = exported(session, row)
    audit.look(
        session,
        who,
        kind,
        resource=PERSON,
        object_id=row.person.id,
        subject_id=row.person.id,
        part=part,
        fields=sorted(found.keys() - {"masked"}),
        purpose="list",
    )
    return found


def exported(session: Session, row: Row) -> dict[str, Any]:
    """The facts of a person that the reader may see now; a masked one is absent and named."""
    found: dict[str, Any] = {"code": row.person.code}
    hidden = []
    for question in EXPORTED:
        if row.rights.get(question.group) in queries.SEEING:
            found[question.key] = _plain(session, row, question)
        else:
            hidden.append(question.key)
    return {**found, **_case(row), "masked": hidden}


def _plain(session: Session, row: Row, question: forms.Question) -> str | None:
    if not question.sealed:
        value = getattr(row.person, question.key)
        return value.isoformat() if question.kind == "date" and value else value or None
    try:
        return privacy.unsealed(session, row.person, question.key)
    except crypto.Unreadable:
        return None


def _case(row: Row) -> dict[str, Any]:
    case = row.case
    if case is None:
        return {}
    return {
        "case_code": case.code,
        "state": case.state,
        "registered_on": _day(case.registered_at),
        "opened_on": _day(case.opened_at),
        "closed_on": _day(case.closed_at),
    }


def _day(moment: Any) -> str | None:
    return moment.date().isoformat() if moment else None


def _csv(rows: list[dict[str, Any]]) -> tuple[str, str]:
    out = io.StringIO()
    writer = csv.writer(out, delimiter=";", lineterminator="\r\n")
    writer.writerow(COLUMNS)
    writer.writerows(list(_cells(row)) for row in rows)
    # The mark at the start tells spreadsheets that this is UTF-8.
    return f"\ufeff{out.getvalue()}", "text/csv"


def _cells(row: Mapping[str, Any]) -> Iterator[str]:
    for column in COLUMNS:
        value = str(row.get(column) or "")
        yield f"'{value}" if value.startswith(FORMULA) else value


def _json(rows: list[dict[str, Any]]) -> tuple[str, str]:
    return json.dumps({"persons": rows}, ensure_ascii=False, indent=1), "application/json"


KINDS: Mapping[str, Callable[[list[dict[str, Any]]], tuple[str, str]]] = {"csv": _csv, "json": _json}
