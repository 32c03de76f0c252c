"""Pages and pieces about teams: who works on a row, who sees it and why, asking for access, emergencies."""

from core.web.teams import ask  # noqa: F401 - adds its pages to the blueprint
from core.web.teams.common import bp, register_why
from core.web.teams.panel import team_panel
from core.web.teams.why import access_panel, may_ask_why

__all__ = ["access_panel", "bp", "may_ask_why", "register_why", "team_panel"]
