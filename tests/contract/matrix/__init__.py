"""The access matrix: a world to ask in, the expected answers of ``access.toml``, and what compares the two."""
