"""Roles in the console: the matrix of each, what a change would do, and who holds them."""
