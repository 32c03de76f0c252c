"""Requests of the persons concerned (art. 15-20 GDPR) and the access file."""
