"""What a key of a program may do, in words."""

from __future__ import annotations

from core.console.words import ACTIONS, resource_text
from core.i18n import _


def scope_label(scope: str) -> str:
    """``service:read`` as somebody would say it."""
    resource, _colon, action = scope.partition(":")
    return _("%(resource)s: %(action)s", resource=resource_text(resource), action=str(ACTIONS.get(action, action)))
