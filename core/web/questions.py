"""Questions of forms that are not made from a definition, as plain values for ``macros/forms.html``."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

#: A field as ``macros/forms.html`` draws it.
Field = dict[str, Any]


def field(name: str, label: str, kind: str = "text", value: Any = "", **more: Any) -> Field:
    """One question; ``more`` as in ``macros/forms.html``."""
    return {"name": name, "id": name, "type": kind, "label": label, "value": value, **more}


def choice(name: str, label: str, options: Sequence[tuple[str, str]], value: str = "", **more: Any) -> Field:
    """A question with one answer among some."""
    marked = [(key, text, key == value) for key, text in options]
    return field(name, label, "choice", value, options=marked, **more)
