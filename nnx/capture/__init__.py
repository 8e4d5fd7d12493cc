"""Steps without their Python: what a function does to arrays, captured once and done again."""

from ._compile import compile

__all__ = ["compile"]
