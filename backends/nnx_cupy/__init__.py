"""nnx on CuPy: CUDA GPUs. Importing this imports no CuPy and needs no driver."""

from .backend import CuPyBackend

__all__ = ["CuPyBackend"]
