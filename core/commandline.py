"""What the command groups of all parts share."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import click

from core.errors import InnestoError


@contextmanager
def readable_errors() -> Iterator[None]:
    """An error raised on purpose is a message with exit code 1, not a stack trace."""
    try:
        yield
    except InnestoError as error:
        raise click.ClickException(str(error)) from error
