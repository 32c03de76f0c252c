"""Documents of a person or case: the panel for a tab, upload, download, removal."""

from core.web.files.panel import documents_panel
from core.web.files.views import bp

__all__ = ["bp", "documents_panel"]
