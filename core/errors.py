"""Every error the core raises on purpose, with the facts a screen or an administrator needs."""

from __future__ import annotations

import traceback
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path


class InnestoError(Exception):
    """Base of all errors raised on purpose."""


class ConfigError(InnestoError):
    """A file, setting or bundle is wrong: names the file, the key, the problem and the remedy."""

    def __init__(self, file: str | Path, key: str, problem: str, remedy: str = "") -> None:
        self.file, self.key, self.problem, self.remedy = str(file), key, problem, remedy
        text = f"{file}: {key}: {problem}" if key else f"{file}: {problem}"
        super().__init__(f"{text}. {remedy}" if remedy else text)


class PluginError(InnestoError):
    """A plugin breaks a rule of the host: ``"intake: table 'cases' must start with 'intake_'"``."""


class TenancyError(InnestoError):
    """A statement or a row would cross the border of its district."""


class NotFound(InnestoError):
    """The thing does not exist, or not for this actor: the two are never told apart."""


@dataclass(frozen=True, slots=True)
class FieldError:
    """What is wrong with one field, in the reader's language; ``field`` is empty for the whole form."""

    field: str
    message: str
    code: str = "invalid"


class Invalid(InnestoError):
    """Some answers are wrong. Screens put each message next to its field; the API lists them."""

    def __init__(self, errors: Sequence[FieldError]) -> None:
        self.errors = tuple(errors)
        super().__init__("; ".join(f"{e.field}: {e.message}" for e in self.errors))


class Refused(InnestoError):
    """A rule forbids the action. ``message`` tells the person what, why and what to do next."""

    def __init__(self, message: str, *, code: str = "refused") -> None:
        self.message, self.code = message, code
        super().__init__(message)


class AccessDenied(InnestoError):
    """The actor holds no grant for the action."""

    def __init__(self, action: str, resource: str) -> None:
        self.action, self.resource = action, resource
        super().__init__(f"no grant to {action} {resource}")


class Conflict(InnestoError):
    """Somebody changed the thing in the meantime; nothing was overwritten."""


def kind_and_place(error: BaseException) -> str:
    """What an error is and where it was raised, without its text: that may quote what somebody typed."""
    frames = traceback.extract_tb(error.__traceback__, limit=-1)
    place = f" ({Path(frames[0].filename).name}:{frames[0].lineno})" if frames else ""
    return f"{type(error).__name__}{place}"
