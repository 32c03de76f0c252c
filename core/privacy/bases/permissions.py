"""What may be granted on the register of processing and on what goes with it."""

from __future__ import annotations

from typing import Final

from core.access import Permission
from core.access.registry import register_entity, register_permissions
from core.districts.models import Processing
from core.privacy.bases.models import Consent, NoticeGiven, Sharing

PRIVACY: Final = "core.privacy"
READ: Final = "read"
MANAGE: Final = "manage"

register_permissions(Permission(PRIVACY, action) for action in (READ, MANAGE))
for _entity in (Processing, NoticeGiven, Consent, Sharing):
    register_entity(_entity, resource=PRIVACY, visitor_scopes=())
