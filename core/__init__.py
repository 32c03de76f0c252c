"""The core of Innesto: ground, engines and faces. It knows no plugin by name."""

__version__ = "0.1.0"
