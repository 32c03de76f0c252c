"""A database of demonstration: every model as a district, with its content and accounts to try."""
