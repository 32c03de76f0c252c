"""A number for each request, in its answer and in the log; no personal data in either.

A line of the log says what happened where: it never repeats an address, a query, a value of a variable, or what an
error says of the value that caused it.
"""

from __future__ import annotations

import logging
import time
import traceback
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final
from uuid import uuid4

import structlog
from flask import Flask, Response, g, request
from structlog.typing import EventDict, WrappedLogger

from core.errors import ConfigError, PluginError, TenancyError

log = logging.getLogger("innesto.request")

#: Facts of a request that stand in its line.
FACTS: Final = ("request_id", "method", "endpoint", "status", "ms", "district")
#: Loggers whose messages are ours: written so that they carry references alone.
OURS: Final = ("core", "plugins", "innesto")
#: Errors that speak of files, settings and tables, never of what somebody typed.
SPOKEN: Final = (ConfigError, PluginError, TenancyError)
FRAMES: Final = 40
ROOT: Final = Path(__file__).resolve().parents[2]


def configure_request_ids(app: Flask) -> None:
    """Number each request and log its route, never its address: an address may hold what a person typed."""

    @app.before_request
    def number() -> None:
        g.request_id, g.began = uuid4().hex[:12], time.perf_counter()

    @app.after_request
    def note(response: Response) -> Response:
        if "request_id" in g:
            response.headers["X-Request-Id"] = g.request_id
            log.info("request", extra=_facts(response))
        return response


def _facts(response: Response) -> dict[str, Any]:
    context = g.get("innesto")
    return {
        "request_id": g.request_id,
        "method": request.method if request.method in KNOWN_METHODS else "other",
        "endpoint": request.endpoint,
        "status": response.status_code,
        "ms": round((time.perf_counter() - g.began) * 1000, 1),
        "district": context.district.slug if context and context.district else None,
    }


#: Others are words that somebody may have chosen.
KNOWN_METHODS: Final = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})


def configure_logging(level: int = logging.INFO) -> None:
    """One line of JSON for each event, on standard error."""
    handler = logging.StreamHandler()
    handler.setFormatter(formatter())
    handler.addFilter(without_values)
    logging.basicConfig(level=level, handlers=[handler], force=True)
    logging.getLogger("waitress.queue").setLevel(logging.ERROR)
    logging.getLogger("alembic").setLevel(logging.WARNING)


def formatter() -> structlog.stdlib.ProcessorFormatter:
    """How an event becomes a line."""
    return structlog.stdlib.ProcessorFormatter(
        processors=[
            structlog.stdlib.ProcessorFormatter.remove_processors_meta,
            error_without_values,
            structlog.processors.JSONRenderer(ensure_ascii=False),
        ],
        foreign_pre_chain=[
            structlog.stdlib.ExtraAdder(allow=FACTS),
            structlog.stdlib.add_log_level,
            structlog.stdlib.add_logger_name,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
        ],
    )


def without_values(record: logging.LogRecord) -> bool:
    """Keep of a library's message the sentence, not the values: waitress would fill in the address asked for."""
    if record.name.partition(".")[0] not in OURS:
        record.args = ()
    return True


def error_without_values(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
    """In place of a traceback: which errors, raised where. Their texts may quote what somebody typed."""
    info = event.pop("exc_info", None)
    error = info[1] if isinstance(info, tuple) else info
    if isinstance(error, BaseException):
        event["errors"] = [_told(found) for found in _chain(error)]
    return event


def _chain(error: BaseException) -> Iterator[BaseException]:
    """The error, and those that led to it."""
    found: BaseException | None = error
    seen: set[int] = set()
    while found is not None and id(found) not in seen:
        seen.add(id(found))
        yield found
        found = found.__cause__ or (None if found.__suppress_context__ else found.__context__)


def _told(error: BaseException) -> dict[str, Any]:
    frames = traceback.extract_tb(error.__traceback__, limit=-FRAMES)
    kind = f"{type(error).__module__}.{type(error).__qualname__}"
    facts: dict[str, Any] = {"kind": kind, "where": [f"{_short(f.filename)}:{f.lineno} {f.name}" for f in frames]}
    if isinstance(error, OSError):
        facts["text"] = error.strerror or ""
    elif isinstance(error, SPOKEN):
        facts["text"] = str(error)
    return facts


def _short(name: str) -> str:
    path = Path(name)
    return path.relative_to(ROOT).as_posix() if path.is_relative_to(ROOT) else name
