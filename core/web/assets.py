"""Front-end assets: the address of each built file, and WhiteNoise in front of the application."""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from types import MappingProxyType
from wsgiref.headers import Headers

from flask import Flask, current_app, has_app_context
from whitenoise import WhiteNoise

from core.errors import ConfigError

PREFIX = "/static/"
DIST = Path(__file__).parent / "static" / "dist"
REMEDY = "Run `make assets`"
#: A file of the build: a stem, twelve hexadecimal digits of its content, an extension.
HASHED = r"^/static/[\w-]+\.[0-9a-f]{12}\.[a-z0-9]+$"


def asset(name: str) -> str:
    """The address of a built file: ``asset("app.css")`` is ``"/static/app.<hash>.css"``.

    Raises ConfigError when the assets were not built, or hold no such file.
    """
    manifest = _manifest(DIST, _stamp(DIST))
    if name not in manifest:
        raise ConfigError(DIST / "manifest.json", name, "there is no such front-end file", REMEDY)
    return PREFIX + manifest[name]


def serve_static(app: Flask) -> None:
    """Answer ``/static/…`` in front of ``app`` and give its templates ``asset``.

    Names carry the hash of the content, so browsers keep the files for good. Raises ConfigError when the assets were
    not built.
    """
    _manifest(DIST, _stamp(DIST))
    app.jinja_env.globals["asset"] = asset
    # WhiteNoise types its own constructor only in part.
    app.wsgi_app = WhiteNoise(  # type: ignore[method-assign]
        app.wsgi_app,
        root=DIST,
        prefix=PREFIX,
        autorefresh=app.debug,
        allow_all_origins=False,
        immutable_file_test=HASHED,
        add_headers_function=_add_headers,
    )


def _add_headers(headers: Headers, path: str, url: str) -> None:
    # These answers never reach the after_request functions of the application.
    headers["X-Content-Type-Options"] = "nosniff"
    headers["Cross-Origin-Resource-Policy"] = "same-origin"


def _stamp(folder: Path) -> int:
    """Changes with every build while debugging, so that a rebuild needs no restart; constant otherwise."""
    if not has_app_context() or not current_app.debug:
        return 0
    manifest = folder / "manifest.json"
    return manifest.stat().st_mtime_ns if manifest.exists() else 0


@lru_cache(maxsize=4)
def _manifest(folder: Path, stamp: int) -> Mapping[str, str]:
    file = folder / "manifest.json"
    if not file.exists():
        raise ConfigError(file, "", "the front-end assets are not built", REMEDY)
    return MappingProxyType(json.loads(file.read_text(encoding="utf-8")))
