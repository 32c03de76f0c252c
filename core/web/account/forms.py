"""The login form, and the only addresses that a login leads to."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

from flask_wtf import FlaskForm
from wtforms import EmailField, HiddenField, PasswordField
from wtforms.validators import DataRequired, Length

from core.accounts.passwords import LONGEST
from core.i18n import _l


class LoginForm(FlaskForm):
    """Address and password; ``next`` is the page that asked for a login."""

    email = EmailField(
        _l("Indirizzo email"),
        validators=[DataRequired(_l("Scrivi il tuo indirizzo email.")), Length(max=254, message=_l("È troppo lungo."))],
        render_kw={"autocomplete": "username"},
    )
    password = PasswordField(
        _l("Password"),
        validators=[DataRequired(_l("Scrivi la tua password.")), Length(max=LONGEST, message=_l("È troppo lunga."))],
        render_kw={"autocomplete": "current-password"},
    )
    next = HiddenField()

    def described(self) -> list[dict[str, Any]]:
        """The fields as the form macros of the pages take them; a password is never sent back."""
        shown = ((self.email, "email", self.email.data or ""), (self.password, "password", ""))
        return [
            {
                "name": field.name,
                "id": field.id,
                "type": kind,
                "label": str(field.label.text),
                "value": value,
                "error": str(field.errors[0]) if field.errors else "",
                "autocomplete": field.render_kw["autocomplete"],
            }
            for field, kind, value in shown
        ]


def safe_next(target: str | None) -> str | None:
    """``target`` when it is a path of this same host, else ``None``: a login never leads to somebody else's site."""
    if not target or not target.startswith("/") or not target.isprintable() or "\\" in target:
        return None
    if target.startswith("//"):
        return None
    try:
        parts = urlsplit(target)
    except ValueError:
        return None
    return None if parts.scheme or parts.netloc else target
