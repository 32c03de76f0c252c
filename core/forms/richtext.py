"""Markdown subset: paragraphs, lists, emphasis, links. HTML in the source stays text; the output is sanitised."""

from __future__ import annotations

import re
from functools import cache, lru_cache
from typing import TYPE_CHECKING

from markupsafe import Markup

if TYPE_CHECKING:
    from markdown_it import MarkdownIt

_RULES = ["paragraph", "list", "emphasis", "link", "newline", "escape", "entity"]
_TAGS = {"p", "ul", "ol", "li", "strong", "em", "a", "br"}
_SCHEMES = {"http", "https", "mailto", "tel"}


@cache
def _parser() -> MarkdownIt:
    # Loaded late: most pages of a console or API never render text.
    from markdown_it import MarkdownIt

    return MarkdownIt("zero", {"html": False, "maxNesting": 20}).enable(_RULES)


#: What makes a text more than paragraphs: marks of emphasis, links, escapes, entities, list items, odd white space.
_MARKED = re.compile(r"[*_\[\]\\&]|[^\S\n ]|^ *(?:[-+]|\d{1,9}[.)])(?: |$)", re.MULTILINE)
_PARAGRAPHS = re.compile(r"\n(?: *\n)+")
#: What needs care on a page: marks of HTML, and white space that ends a line on purpose.
_CAREFUL = re.compile(r"[<>]|  \n")


@lru_cache(maxsize=512)
def render(text: str) -> Markup:
    """Safe HTML of a rich text."""
    return _parsed_page(text) if _is_marked(text) or _CAREFUL.search(text) else _paragraph_page(text)


def _is_marked(text: str) -> bool:
    return bool(_MARKED.search(text)) or (not text.isprintable() and not text.replace("\n", "").isprintable())


def _parsed_page(text: str) -> Markup:
    import nh3

    html = _parser().render(text)
    clean = nh3.clean(html, tags=_TAGS, attributes={"a": {"href"}}, url_schemes=_SCHEMES, link_rel="noopener")
    return Markup(clean)  # noqa: S704 - sanitised on the line above


def _paragraph_page(text: str) -> Markup:
    """The same for a text without any mark: nothing in it could be anything but words."""
    paragraphs = (_LINE_ENDS.sub("\n", part.strip(" \n")) for part in _PARAGRAPHS.split(text))
    return Markup("".join(f"<p>{part}</p>\n" for part in paragraphs if part))  # noqa: S704 - no mark of HTML in it


# Texts are long, and reading one again takes a fiftieth of a millisecond: few are kept.
@lru_cache(maxsize=512)
def plain(text: str) -> str:
    """The words of a rich text without its marks, for search and lists."""
    return _parsed_words(text) if _is_marked(text) else _paragraph_words(text)


def _paragraph_words(text: str) -> str:
    """The same for a text without any mark, a hundred times quicker: most of what an excerpt is cut from."""
    paragraphs = (_LINE_ENDS.sub(" ", part.strip(" \n")) for part in _PARAGRAPHS.split(text))
    return "\n".join(part for part in paragraphs if part)


def _parsed_words(text: str) -> str:
    inline = (block for block in _parser().parse(text) if block.type == "inline")
    return "\n".join("".join(p.content or " " * (p.type in _BREAKS) for p in b.children or ()) for b in inline)


_LINE_ENDS = re.compile(r" *\n *")
_BREAKS = {"softbreak", "hardbreak"}
