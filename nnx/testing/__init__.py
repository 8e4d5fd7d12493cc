"""Tools for testing code that differentiates with nnx."""

from ._gradients import check_gradients

__all__ = ["check_gradients"]
