"""What may be granted on the retention and on legal holds."""

from __future__ import annotations

from typing import Final

from core.access import Permission, registry
from core.privacy.retention.models import LegalHold, RetentionRun

RETENTION: Final = "core.retention"
HOLD: Final = "core.hold"
READ: Final = "read"
MANAGE: Final = "manage"

registry.register_permissions(
    Permission(resource, action) for resource in (RETENTION, HOLD) for action in (READ, MANAGE)
)
registry.register_entity(LegalHold, resource=HOLD, visitor_scopes=())
registry.register_entity(RetentionRun, resource=RETENTION, visitor_scopes=())
