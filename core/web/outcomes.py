"""What became of an action that a person sent: done, or what there is to put right."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from types import MappingProxyType

from core.errors import Invalid, Refused

NOTHING: Mapping[type[Refused], int] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Outcome:
    """Sentences by field, or one for the page, and the status of the answer."""

    errors: Mapping[str, str] = field(default_factory=dict)
    problem: str = ""
    status: int = 200

    @property
    def done(self) -> bool:
        """Whether it was carried out."""
        return self.status < HTTPStatus.BAD_REQUEST


def attempt(action: Callable[[], object], statuses: Mapping[type[Refused], int] = NOTHING) -> Outcome:
    """Carry out an action; what a person can put right becomes an outcome, the rest an error page.

    ``statuses``: refusals that are answered with another status than 409.
    """
    try:
        action()
    except Invalid as error:
        return Outcome({e.field: e.message for e in error.errors}, status=HTTPStatus.UNPROCESSABLE_ENTITY)
    except Refused as error:
        return Outcome(problem=error.message, status=statuses.get(type(error), HTTPStatus.CONFLICT))
    return Outcome()
