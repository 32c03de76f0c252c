"""Signing in: passwords, second step, sessions, invitations, personal keys of programs."""
