"""Persons and their cases: registration, file, team, and what the person concerned sees of it."""
