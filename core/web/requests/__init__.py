"""Pages of subject requests: the public form and its status, the queue of the staff."""

from core.web.requests.public import bp as public
from core.web.requests.staff import bp as staff

__all__ = ["public", "staff"]
