from tests.support.server import shared, visitor

__all__ = ["shared", "visitor"]
