"""Workflows: what may happen to a thing, as immutable data."""
