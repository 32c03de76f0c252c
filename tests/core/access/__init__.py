"""Tests of accounts, roles, grants and login."""
