"""Encrypted copies of everything, restored and verified."""
