"""Districts: tenancy, territorial models, dated parameters, and which plugin is on where."""

from core.districts.parameters import Origin
from core.districts.snapshot import DistrictSnapshot, Snapshots, snapshots

__all__ = ["DistrictSnapshot", "Origin", "Snapshots", "snapshots"]
