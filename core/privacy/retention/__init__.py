"""How long data are kept: rules, runs that people confirm, legal holds, restrictions, erasure."""
