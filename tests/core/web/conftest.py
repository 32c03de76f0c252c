from tests.support.server import demo, demo_data, shared, site, visitor

__all__ = ["demo", "demo_data", "shared", "site", "visitor"]
