"""The functions of a traced namespace: one closure an operation, from one template an arity.

Each asks for as little as it can: two type checks, the library's own call, three stores and one tuple on the
tape. Whatever is unusual (a raw array beside a traced one, a stale view, a foreign type) goes through
``library.coerce`` and back to the top.
"""

from __future__ import annotations

import functools
import operator
from typing import TYPE_CHECKING

from ..primitive import LIKE, Rule, keep_modes
from ..views import VIEWS
from .common import SCALARS, Function, pullback_of, rewrap
from .fixed import fixed
from .general import general
from .parametric import parametric
from .simple import binary, compare, unary
from .undifferentiated import caller, opaque, without_derivative

if TYPE_CHECKING:
    from ..library import Library

__all__ = [
    "SCALARS",
    "binary",
    "build",
    "caller",
    "compare",
    "fixed",
    "general",
    "opaque",
    "parametric",
    "rewrap",
    "unary",
    "without_derivative",
]


def build(library: Library, name: str, forward: Function, rule: Rule) -> Function:
    """The traced version of ``forward``."""
    plain = not (rule.arrays or rule.outputs or rule.variadic or rule.joint)
    simple = plain and not (rule.params or rule.masks or name in VIEWS)
    if simple and len(rule.pullbacks) == 1 and LIKE not in keep_modes(pullback_of(rule, 0, name), 1):
        function = unary(library, name, forward, rule)
    elif simple and len(rule.pullbacks) == 2:
        function = binary(library, name, forward, rule)
    elif plain and len(rule.pullbacks) == 1 and rule.pullbacks[0] is not None:
        function = parametric(library, name, forward, rule)
    elif not (rule.arrays or rule.outputs or rule.variadic or library.hot):
        function = fixed(library, name, forward, rule)
    else:
        function = general(library, name, forward, rule)
    functools.update_wrapper(function, _shown(library, name, forward), assigned=("__doc__",), updated=())
    function.__name__ = function.__qualname__ = name.rpartition(".")[2]
    return function


def _shown(library: Library, name: str, forward: Function) -> Function:
    """The function whose signature and docstring ``help`` shows: the namespace's own, of which ``fast`` may differ."""
    try:
        return operator.attrgetter(name)(library.xp)
    except AttributeError:  # a primitive of nnx's own
        return forward
