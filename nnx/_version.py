"""The version, where both the build and `nnx.__version__` read it."""

__version__ = "0.1.0"
