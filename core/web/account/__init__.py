"""Pages under ``/account``: signing in, and what everybody decides about the own account."""

from core.web.account import factor, login, mailed, profile, resume, tokens
from core.web.account.base import blueprint

__all__ = ["blueprint", "factor", "login", "mailed", "profile", "resume", "tokens"]
