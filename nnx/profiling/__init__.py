"""Where the time and the memory of a computation go: by layer and by primitive, forward and backward.

While a profile runs, the entry points of layers, primitives, traced functions, pullbacks and optimizers are exchanged
for measuring ones, and put back afterwards: what is not profiled pays nothing.
"""

from ._profile import profile
from ._report import LayerRow, PrimitiveRow, Report

__all__ = ["LayerRow", "PrimitiveRow", "Report", "profile"]
