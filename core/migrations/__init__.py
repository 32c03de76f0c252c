"""The core's own history of the database, and the environment shared by all histories."""
