"""Pages about protected data: showing one after saying why, the privacy of a person, the district's public page."""

from core.web.privacy import basis, public, reveal
from core.web.privacy.common import bp, masked_fields, reveal_url

__all__ = ["basis", "bp", "masked_fields", "public", "reveal", "reveal_url"]
