"""Sealed values: AES-GCM under a data key of their owner, which a key of the ring wraps."""

from core.crypto import stream
from core.crypto.codes import hash_code, new_code
from core.crypto.errors import Unreadable
from core.crypto.keys import check_keys, derived_key, destroy_key
from core.crypto.sealing import blind, seal, seal_installation, unseal, unseal_installation

__all__ = [
    "Unreadable",
    "blind",
    "check_keys",
    "derived_key",
    "destroy_key",
    "hash_code",
    "new_code",
    "seal",
    "seal_installation",
    "stream",
    "unseal",
    "unseal_installation",
]
