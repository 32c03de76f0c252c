"""Information desk: services, rules and courses that people can find, read and trust."""
