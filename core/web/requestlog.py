"""A number for each request, in its answer and in the log; no personal data in either."""

from __future__ import annotations

import logging
import time
from uuid import uuid4

import structlog
from flask import Flask, Response, g, request

log = logging.getLogger("innesto.request")


def configure_request_ids(app: Flask) -> None:
    """Number each request and log its route, never its address: an address may hold what a person typed."""

    @app.before_request
    def number() -> None:
        g.request_id, g.began = uuid4().hex[:12], time.perf_counter()

    @app.after_request
    def note(response: Response) -> Response:
        if "request_id" in g:
            response.headers["X-Request-Id"] = g.request_id
            took = (time.perf_counter() - g.began) * 1000
            log.debug("%s %s %s %d %.1fms", g.request_id, request.method, request.endpoint, response.status_code, took)
        return response


def configure_logging(level: int = logging.INFO) -> None:
    """One line of JSON for each event, on standard error."""
    formatter = structlog.stdlib.ProcessorFormatter(
        processors=[
            structlog.stdlib.ProcessorFormatter.remove_processors_meta,
            structlog.processors.format_exc_info,
            structlog.processors.JSONRenderer(ensure_ascii=False),
        ],
        foreign_pre_chain=[
            structlog.stdlib.add_log_level,
            structlog.stdlib.add_logger_name,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
        ],
    )
    handler = logging.StreamHandler()
    handler.setFormatter(formatter)
    logging.basicConfig(level=level, handlers=[handler], force=True)
    logging.getLogger("waitress.queue").setLevel(logging.ERROR)
    logging.getLogger("alembic").setLevel(logging.WARNING)
