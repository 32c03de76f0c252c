"""Ways to reach somebody: e-mail, telephone, web address."""

# One signature for all field types, though not each needs every argument.

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from core.forms.lookups import Lookups
from core.forms.types.base import FieldType, Problem, expect_text
from core.i18n import _

if TYPE_CHECKING:
    from wtforms.fields.core import UnboundField

    from core.forms.definition import Field

URL_LENGTH = 2_000
EMAIL_LENGTH = 254
_PHONE = re.compile(r"\+?[0-9][0-9 ()./-]{2,24}")


class Email(FieldType):
    """An e-mail address; its form is checked, not whether it answers."""

    name = "email"

    def clean_one(self, field: Field, value: object, lookups: Lookups) -> str | None:
        from email_validator import EmailNotValidError, validate_email

        text = expect_text(value).strip()
        if not text:
            return None
        if len(text) > EMAIL_LENGTH:
            raise Problem(_("L'indirizzo e-mail è troppo lungo"), "max_length")
        try:
            return validate_email(text, check_deliverability=False).normalized
        except EmailNotValidError as error:
            raise Problem(_("Scrivi un indirizzo e-mail completo, per esempio nome@esempio.it")) from error

    def wtf_field(self, field: Field, **options: Any) -> UnboundField[Any]:
        from wtforms import StringField
        from wtforms.widgets import EmailInput

        return StringField(**options, widget=EmailInput(), render_kw={"autocomplete": "email"})

    def json_schema(self, field: Field) -> dict[str, Any]:
        return {"type": "string", "format": "email"}


class Phone(FieldType):
    """A telephone number as people write it."""

    name = "phone"

    def clean_one(self, field: Field, value: object, lookups: Lookups) -> str | None:
        text = " ".join(expect_text(value).split())
        if not text:
            return None
        if not _PHONE.fullmatch(text):
            raise Problem(_("Scrivi il numero con le sole cifre, per esempio 0331 123456"))
        return text

    def wtf_field(self, field: Field, **options: Any) -> UnboundField[Any]:
        from wtforms import StringField
        from wtforms.widgets import TelInput

        return StringField(**options, widget=TelInput())


class Url(FieldType):
    """A web address (http or https)."""

    name = "url"
    filterable = False

    def clean_one(self, field: Field, value: object, lookups: Lookups) -> str | None:
        text = expect_text(value).strip()
        if not text:
            return None
        if len(text) > URL_LENGTH:
            raise Problem(_("L'indirizzo è troppo lungo"), "max_length")
        if not _is_web_address(text):
            raise Problem(_("Scrivi l'indirizzo completo, che comincia con https://"))
        return text

    def wtf_field(self, field: Field, **options: Any) -> UnboundField[Any]:
        from wtforms import StringField
        from wtforms.widgets import URLInput

        return StringField(**options, widget=URLInput())

    def json_schema(self, field: Field) -> dict[str, Any]:
        return {"type": "string", "format": "uri", "maxLength": URL_LENGTH}


def _is_web_address(text: str) -> bool:
    try:
        parts = urlsplit(text)
        host, _port = parts.hostname, parts.port
    except ValueError:
        return False
    return parts.scheme in ("http", "https") and bool(host) and not any(c.isspace() or c in '<>"\\' for c in text)
