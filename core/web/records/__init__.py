"""Pages of the staff for records of any type. They read the definition at each request."""

from core.web.records import form, kept, listing, view  # noqa: F401 - each adds its pages to the blueprint
from core.web.records.common import active_types, bp

__all__ = ["active_types", "bp"]
