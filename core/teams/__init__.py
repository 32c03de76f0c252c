"""Teams: who works on a row and until when, access in an emergency, and why somebody sees what."""

from core.teams.emergency import BREAK_GLASS, break_glass, break_glass_by_code, emergencies_left
from core.teams.models import AccessRequest, TeamPlace
from core.teams.operations import ASSIGN, SUPERVISE, assign, end, end_reason_of, reason_of, substitute
from core.teams.queries import history_of, holders_of_function, in_team, open_requests, team_of, who_can
from core.teams.registry import TeamEntity, entry_of, register_gate, register_limit, register_team_entity, team_entities
from core.teams.requests import ask_access, grant_request, may_ask, refuse_request, request_words, requests_by
from core.teams.scopes import emergency_places, emergency_scope, team_places, team_scope
from core.teams.why import Access, Part, Why, who_may, why

__all__ = [
    "ASSIGN",
    "BREAK_GLASS",
    "SUPERVISE",
    "Access",
    "AccessRequest",
    "Part",
    "TeamEntity",
    "TeamPlace",
    "Why",
    "ask_access",
    "assign",
    "break_glass",
    "break_glass_by_code",
    "emergencies_left",
    "emergency_places",
    "emergency_scope",
    "end",
    "end_reason_of",
    "entry_of",
    "grant_request",
    "history_of",
    "holders_of_function",
    "in_team",
    "may_ask",
    "open_requests",
    "reason_of",
    "refuse_request",
    "register_gate",
    "register_limit",
    "register_team_entity",
    "request_words",
    "requests_by",
    "substitute",
    "team_entities",
    "team_of",
    "team_places",
    "team_scope",
    "who_can",
    "who_may",
    "why",
]
