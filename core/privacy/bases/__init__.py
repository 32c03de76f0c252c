"""On what legal basis data are used: register of processing, notices, consents, sharing with bodies."""
