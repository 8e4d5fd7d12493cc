"""nnx on NumPy: the default backend, and the host of every other one."""

from .backend import NumPyBackend

__all__ = ["NumPyBackend"]
