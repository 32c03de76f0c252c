"""The plugins that come with Innesto; others arrive through the entry-point group ``innesto.plugins``."""
