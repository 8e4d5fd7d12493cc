"""CUDA kernels: one file of source each, compiled when first launched.

The sources are plain enough to be compiled by NVRTC without a GPU, and by a C++ compiler behind a dozen lines
that stand in for CUDA's words: that is how the tests run them where there is no GPU.
"""

from __future__ import annotations

from functools import cache
from importlib.resources import files
from typing import Any


def source(name: str) -> str:
    """The source of `kernels/<name>.cu`.

    >>> "philox" in source("philox")
    True
    """
    return (files(__name__) / f"{name}.cu").read_text(encoding="utf-8")


@cache
def kernel(name: str, function: str) -> Any:
    """The compiled `function` of `kernels/<name>.cu`; a template is named with its types, as `f<float>`."""
    import cupy

    module = cupy.RawModule(code=source(name), options=("-std=c++17",), name_expressions=(function,))
    return module.get_function(function)
