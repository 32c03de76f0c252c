"""Pages with which a company asks for an account, and those on which the district decides."""

from core.web.register.public import bp as public
from core.web.register.staff import bp as staff

__all__ = ["public", "staff"]
