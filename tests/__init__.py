"""Tests: `core` and `plugins` mirror the code, `ground` looks after the repository, `support` is shared."""
