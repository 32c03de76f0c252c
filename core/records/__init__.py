"""Records: a form, a workflow and their faces make a kind of content that no line of code knows by name."""

from core.records import permissions

__all__ = ["permissions"]
