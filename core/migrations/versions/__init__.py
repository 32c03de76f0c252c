"""Migrations of the core's tables, one file a step."""
