"""What the forms of a district must know: its vocabularies and municipalities."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from sqlalchemy import select
from sqlalchemy.orm import Session

from core.districts.models import DistrictMunicipality, Municipality
from core.districts.vocabularies import terms
from core.forms.definition import Field, Form
from core.forms.lookups import Lookups
from core.i18n import DEFAULT


def lookups_of(session: Session, forms: Iterable[Form], lang: str = DEFAULT) -> Lookups:
    """The words and municipalities of the session's district that these forms ask for."""
    wanted = {name for form in forms for name in _vocabularies(form.fields)}
    words = {name: {key: term.label for key, term in terms(session, name).items()} for name in sorted(wanted)}
    return Lookups(words, municipalities_of(session), lang)


def municipalities_of(session: Session) -> dict[str, str]:
    """ISTAT code and name of the municipalities of the session's district, in the district's order."""
    rows = session.execute(
        select(Municipality.istat, Municipality.name)
        .join(DistrictMunicipality, DistrictMunicipality.istat == Municipality.istat)
        .order_by(DistrictMunicipality.position)
    )
    return {row.istat: row.name for row in rows}


def _vocabularies(fields: Iterable[Field]) -> Iterator[str]:
    for field in fields:
        if field.config.get("vocabulary"):
            yield field.config["vocabulary"]
        yield from _vocabularies(field.fields)
