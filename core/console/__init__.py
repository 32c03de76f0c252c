"""The console: how districts and the installation are configured, by people who were shown how."""
