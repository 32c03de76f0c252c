"""What every template can use."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from flask import Flask, current_app, g, request, url_for
from flask_babel import Babel
from flask_wtf.csrf import generate_csrf
from jinja2 import pass_eval_context
from jinja2.nodes import EvalContext
from markupsafe import Markup

from core import clock
from core.i18n import DEFAULT, LANGUAGES, Texts, pick, plain_gettext, plain_ngettext
from core.web.assets import asset
from core.web.context import RequestContext, page_language
from core.web.dates import format_date
from core.web.headers import nonce
from core.web.menus import menu
from core.web.paging import asked
from core.web.site import site

if TYPE_CHECKING:
    from core.installation import Installation


def configure_languages(app: Flask, installation: Installation) -> None:
    """Let gettext follow the language of the address, or of the profile on staff pages."""
    Babel(
        app,
        default_locale=DEFAULT,
        default_timezone=str(clock.ROME),
        default_translation_directories=";".join(translation_folders(installation)),
        locale_selector=page_language,
    )
    environment: Any = app.jinja_env  # the extension adds its installers at run time
    environment.install_gettext_callables(plain_gettext, plain_ngettext, newstyle=True)
    environment.globals["_"] = _sentence


@pass_eval_context
def _sentence(context: EvalContext, text: str, **values: Any) -> str:
    """``_()`` of templates, as Jinja's own does it but by a shorter way: a page has some fifty sentences."""
    found = plain_gettext(text)
    if context.autoescape:
        found = Markup(found)  # noqa: S704 - what the templates and catalogues themselves say; values are escaped
    return found % values if values or "%" in found else found


def translation_folders(installation: Installation) -> list[str]:
    """Catalogues of the core and of each plugin."""
    core = Path(__file__).resolve().parent.parent / "translations"
    return [str(core), *(str(p.manifest.folder / "translations") for p in installation.host.plugins)]


def configure_templates(app: Flask, installation: Installation) -> None:
    """Offer the globals of pages."""
    app.jinja_env.trim_blocks = app.jinja_env.lstrip_blocks = True
    app.jinja_env.globals.update(asset=asset, nonce=nonce, csrf_token=generate_csrf, format_date=format_date)
    app.jinja_env.globals.update(pick=_pick, demo=installation.demo)

    @app.context_processor
    def page_globals() -> dict[str, Any]:
        context: RequestContext | None = g.get("innesto")
        if context is None:
            return {}
        return {"current": context, "site": site(context), "menu": menu(context), "languages": languages(context)}


def _pick(texts: Texts | str | None) -> str:
    return pick(texts, page_language())


def languages(context: RequestContext) -> list[tuple[str, str, str]]:
    """(code, own name, address of this page) for each other language that the district, or the portal, speaks."""
    if not request.endpoint or request.method != "GET":
        return []
    if context.district is None and current_app.url_map.is_endpoint_expecting(request.endpoint, "district"):
        return []
    spoken = context.district.languages if context.district else LANGUAGES
    others = [code for code in spoken if code != context.lang and code in LANGUAGES]
    if not current_app.url_map.is_endpoint_expecting(request.endpoint, "lang"):
        return []
    return [(code, LANGUAGES[code], _in_language(code)) for code in others]


def _in_language(code: str) -> str:
    return url_for(request.endpoint or "", lang=code, **asked())
