"""Array libraries as nnx sees them: the protocol, the registry, and the choice of where new arrays are made.

The bottom layer: it imports nothing else of nnx, and no array library before one is asked for.
"""

from .protocol import Array, Backend, Device, Namespace, Override
from .registry import available_backends, backend_of, backends_report, named
from .selector import backend, to_numpy, use, using

__all__ = [
    "Array",
    "Backend",
    "Device",
    "Namespace",
    "Override",
    "available_backends",
    "backend",
    "backend_of",
    "backends_report",
    "named",
    "to_numpy",
    "use",
    "using",
]
