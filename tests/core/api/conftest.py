from tests.support.server import any_demo, client, demo, demo_data, postgres_demo, shared, site, visitor

__all__ = ["any_demo", "client", "demo", "demo_data", "postgres_demo", "shared", "site", "visitor"]
