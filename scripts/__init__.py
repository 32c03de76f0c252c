"""Commands of the developers: what the Makefile calls."""
