"""A random walk over the whole standard in hot mode.

Whatever is called, its value is what the library itself gives, and every rule that was recorded pulls back to the
right shape, dtype and device.
"""

from __future__ import annotations

import operator
import warnings
from typing import Any

import array_api_strict as strict
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import nnx

from .standard import FUNCTIONS, find
from .walk import COMPLEX, ON_DEVICE, REAL, Call, DType, array, calls, indices, shapes

LIBRARIES = ["numpy", "strict", pytest.param("cupy", marks=pytest.mark.gpu)]
EXAMPLES = 16
NO_VALUE = {"empty", "empty_like", "__array_namespace_info__"}


class Hot:
    """A namespace in hot mode beside the library that it is over."""

    def __init__(self, lib: Any) -> None:
        self.lib = lib
        self.xp = nnx.traced_namespace(lib.xp, record=True)
        self.library = self.xp._library

    def plain(self, x: Any) -> Any:
        """The argument of a call as the library takes it."""
        if isinstance(x, np.ndarray):
            return self.lib.asarray(x, x.dtype.name)
        if isinstance(x, DType):
            return getattr(self.lib.xp, x.name)
        if isinstance(x, list):
            return [self.plain(item) for item in x]
        return self.lib.device if x is ON_DEVICE else x

    def hot(self, x: Any) -> Any:
        """The same, with arrays on the hot tape."""
        if isinstance(x, list):
            return [self.hot(item) for item in x]
        x = self.plain(x)
        return self.library.wrap(x) if self.library.owns(x) else x

    def same(self, plain: Any, hot: Any) -> None:
        """Fail unless a traced result is the library's own."""
        if isinstance(plain, tuple | list):
            assert len(plain) == len(hot)
            assert getattr(plain, "_fields", None) == getattr(hot, "_fields", None)
            for p, h in zip(plain, hot, strict=True):
                self.same(p, h)
            return
        if not self.library.owns(plain):
            assert type(plain) is type(hot)
            return
        assert type(hot) is self.library.traced
        raw = self.library.raw(hot)
        assert (raw.shape, raw.dtype, raw.device) == (plain.shape, plain.dtype, plain.device)
        eps = 1e-5 if plain.dtype in (self.lib.xp.float32, self.lib.xp.complex64) else 1e-12
        np.testing.assert_allclose(self.lib.to_numpy(raw), self.lib.to_numpy(plain), rtol=eps, atol=eps)


def attempt(function: Any, args: Any, kwargs: Any) -> tuple[Any, Exception | None]:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            return function(*args, **kwargs), None
        except Exception as error:
            return None, error


def run(hot: Hot, name: str, call: Call) -> bool:
    """Call a function plain and hot; returns whether the library has let it."""
    plain, error = attempt(
        find(hot.lib.xp, name), map(hot.plain, call.args), {k: hot.plain(v) for k, v in call.kwargs.items()}
    )
    result, hot_error = attempt(
        find(hot.xp, name), map(hot.hot, call.args), {k: hot.hot(v) for k, v in call.kwargs.items()}
    )
    if error is not None:
        assert hot_error is not None, f"the library raised {error!r}, the traced function did not"
        return False
    if hot_error is not None:
        raise hot_error
    if name not in NO_VALUE:
        hot.same(plain, result)
    hot.xp.pull_back()
    return True


@pytest.mark.parametrize("lib", LIBRARIES, indirect=True)
@pytest.mark.parametrize("name", [name for name in FUNCTIONS if name != "__array_namespace_info__"])
def test_functions(lib: Any, name: str) -> None:
    hot = Hot(lib)
    done = []

    @settings(max_examples=EXAMPLES)
    @given(calls(name))
    def walk(call: Call) -> None:
        done.append(run(hot, name, call))

    walk()
    assert sum(done) >= 0.6 * len(done), f"only {sum(done)} of {len(done)} calls were let by the library"


# the array object ------------------------------------------------------------------------------------------------

OPERATORS = {
    "add": "add", "sub": "subtract", "mul": "multiply", "truediv": "divide", "floordiv": "floor_divide",
    "mod": "remainder", "pow": "pow", "matmul": "matmul", "and": "bitwise_and", "or": "bitwise_or",
    "xor": "bitwise_xor", "lshift": "bitwise_left_shift", "rshift": "bitwise_right_shift", "eq": "equal",
    "ne": "not_equal", "lt": "less", "le": "less_equal", "gt": "greater", "ge": "greater_equal",
}  # fmt: skip
COMPARISONS = {"eq", "ne", "lt", "le", "gt", "ge"}
UNARY = {"neg": "negative", "pos": "positive", "abs": "abs", "invert": "bitwise_invert"}
CONVERSIONS = {"bool": bool, "int": int, "float": float, "complex": complex, "index": operator.index}
ATTRIBUTES = {"T", "mT", "device", "dtype", "ndim", "shape", "size"}
OTHERS = {
    "array_namespace",
    "dlpack",
    "dlpack_device",
    "getitem",
    "setitem",
    "len",
    "iter",
    "contains",
    "array",
    "hash",
}
NOT_OFFERED = {"buffer"}  # a look at raw memory
FORMS = [(name, form) for name in OPERATORS for form in ("", "i") if not (form and name in COMPARISONS)]


def test_nothing_of_the_array_object_is_left_out() -> None:
    names = {
        name
        for name, value in vars(strict._array_object.Array).items()
        if callable(value) or type(value) is property
    }
    special = {name.strip("_") for name in names if name.startswith("__")} - {
        name.strip("_") for name in dir(object)
    }
    in_place = {prefix + name for name in OPERATORS for prefix in ("i", "r")}
    assert special <= {*OPERATORS, *in_place, *UNARY, *CONVERSIONS, *OTHERS, *NOT_OFFERED}
    assert {name for name in names if not name.startswith("_")} == {*ATTRIBUTES, "to_device"}


@pytest.mark.parametrize("lib", LIBRARIES, indirect=True)
@pytest.mark.parametrize(("name", "form"), FORMS)
def test_operators(lib: Any, name: str, form: str) -> None:
    hot = Hot(lib)
    apply = getattr(operator, f"__{form}{name}__")

    @settings(max_examples=EXAMPLES)
    @given(calls(OPERATORS[name]))
    def walk(call: Call) -> None:
        x, y = call.args
        plain, error = attempt(apply, map(hot.plain, (x, y)), {})
        if error is None and not hot.library.owns(plain):
            return  # a number
        result, hot_error = attempt(apply, map(hot.hot, (x, y)), {})
        if error is not None:
            assert hot_error is not None or form  # some cast what others refuse to
            return
        if hot_error is not None:
            if form and x.size == 0:  # NumPy's in-place matmul drops axes of empty results
                return
            raise hot_error
        hot.same(plain, result)
        hot.xp.pull_back()

    walk()


@pytest.mark.parametrize("lib", LIBRARIES, indirect=True)
def test_unary_operators_attributes_and_methods(lib: Any) -> None:
    hot = Hot(lib)

    @settings(max_examples=4 * EXAMPLES)
    @given(st.data())
    def walk(data: st.DataObject) -> None:
        values = array(data.draw, data.draw(shapes()), (*REAL, *COMPLEX, "int64", "bool"))
        x, y = hot.plain(values), hot.hot(values)
        for name in UNARY:
            agree(hot, getattr(operator, name), x, y)
        for name in ATTRIBUTES:
            if name not in ("T", "mT") or x.ndim == 2:
                agree(hot, operator.attrgetter(name), x, y)
        if x.size == 1 and x.ndim == 0:
            for convert in CONVERSIONS.values():
                agree(hot, convert, x, y)
        agree(hot, lambda a: hot.xp.to_device(a, lib.device) if a is y else a, x, y)
        assert y.__array_namespace__() is hot.xp
        assert y.__dlpack_device__() == x.__dlpack_device__()
        hot.xp.pull_back()

    walk()


def agree(hot: Hot, function: Any, x: Any, y: Any) -> None:
    """A function of a plain and of a traced array gives the same, or is refused both times."""
    (plain, error), (result, hot_error) = attempt(function, [x], {}), attempt(function, [y], {})
    assert (error is None) == (hot_error is None), (error, hot_error)
    if error is None:
        hot.same(plain, result)
        if not hot.library.owns(plain):
            assert plain == result or plain != plain


@pytest.mark.parametrize("lib", LIBRARIES, indirect=True)
def test_items(lib: Any) -> None:
    """Reading and writing items, with every kind of key."""
    hot = Hot(lib)
    done = []

    @settings(max_examples=6 * EXAMPLES)
    @given(st.data())
    def walk(data: st.DataObject) -> None:
        values = array(data.draw, data.draw(shapes()))
        key = indices(data.draw, values.shape)
        what = data.draw(st.sampled_from(["array", "number", "itself"]))
        written = np.asarray(values[key]) * 2 if what == "array" else 3.0
        x, y = hot.plain(values.copy()), hot.hot(values.copy())
        if lib.read_only:
            x = lib.xp.asarray(x, copy=True)
        x_key, y_key = index_of(hot.plain, key), index_of(hot.hot, key)
        plain, error = attempt(operator.getitem, [x, x_key], {})
        if error is None:
            hot.same(lib.xp.asarray(plain, device=lib.device), y[y_key])
            new = plain * 2 if what == "itself" else hot.plain(written)
            _, error = attempt(operator.setitem, [x, x_key, new], {})
        if error is None:
            y[y_key] = y[y_key] * 2 if what == "itself" else hot.hot(written)
            hot.same(x, y)
        done.append(error is None)
        hot.xp.pull_back()

    walk()
    assert sum(done) >= 0.4 * len(done)


def index_of(make: Any, key: Any) -> Any:
    """A key with arrays made."""
    return tuple(map(make, key)) if isinstance(key, tuple) else make(key)
