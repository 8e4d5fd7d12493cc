"""A compiled step lets a result have the memory of an array that nobody else needs, and of no other."""

from typing import Any

import numpy as np
import pytest

import nnx
import nnx.functional as F
from nnx.capture import _source
from nnx.capture._steps import CALL, Register, Step
from nnx_numpy import compiled, dense
from nnx_numpy.prepared import FRESH, IN_PLACE

from .steps import same

X = np.random.default_rng(1).standard_normal((64, 96)).astype(np.float32)
WEIGHT = np.random.default_rng(2).standard_normal((128, 96)).astype(np.float32)
BIAS = np.linspace(-1, 1, 128, dtype=np.float32)


@pytest.fixture(params=[False, True], ids=["numpy", "numba"])
def loops(request: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    module = None
    if request.param:
        pytest.importorskip("numba", reason="Numba is not installed (the extra 'numba')")
        from nnx_numpy.compiled import numba_loops as module
    monkeypatch.setattr(compiled, "_settled", True)
    monkeypatch.setattr(compiled, "_loops", module)


@pytest.fixture
def taken(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The names of the functions that were let have memory, as steps are written."""
    found: list[str] = []
    in_place = _source._Writer.in_place

    def noting(self: Any, step: Any) -> Any:
        function = in_place(self, step)
        if function is not None:
            found.append(function.__name__)
        return function

    monkeypatch.setattr(_source._Writer, "in_place", noting)
    return found


def check(f: Any, *args: Any) -> None:
    """The same results as without compiling, four times over, and arguments as they were."""
    quick, before = nnx.compile(f), [np.copy(a) for a in args if isinstance(a, np.ndarray)]
    for _ in range(4):
        same(quick(*args), f(*args))
    same([a for a in args if isinstance(a, np.ndarray)], before)


@pytest.mark.usefixtures("loops")
def test_relu_of_a_linear_map_and_its_slope(taken: list[str]) -> None:
    def loss(x: Any, weight: Any, bias: Any) -> Any:
        hidden = F.relu(F.linear(x, weight, bias))
        return F.linear(F.relu(F.linear(hidden, weight[:, :1] * weight[:, :1].T)), weight.T, None).sum()

    check(nnx.value_and_grad(loss, argnums=(0, 1, 2)), X, WEIGHT, BIAS)
    assert sorted(taken) == ["relu_back_in_place"] * 2 + ["relu_in_place"] * 2


@pytest.mark.usefixtures("loops")
@pytest.mark.parametrize("images", [2, 16])
def test_networks(taken: list[str], images: int) -> None:
    generator = nnx.random.Generator(0)
    model = nnx.Sequential(
        nnx.Conv2d(3, 8, 3, padding=1, generator=generator), nnx.ReLU(),
        nnx.Conv2d(8, 8, 3, generator=generator), nnx.BatchNorm2d(8), nnx.ReLU(), nnx.Flatten(),
        nnx.Linear(8 * 14 * 14, 512, generator=generator), nnx.ReLU(), nnx.Linear(512, 3, generator=generator),
    )  # fmt: skip
    x = np.random.default_rng(3).standard_normal((images, 3, 16, 16)).astype(np.float32)
    step = nnx.value_and_grad(lambda model, x: (model(x) ** 2).sum())
    check(lambda x: step(model, x), x)
    assert {"relu_in_place", "relu_back_in_place"} <= set(taken)


KEPT: dict[str, Any] = {
    "used again": lambda y: F.relu(y) + y,
    "used before": lambda y: y * 2 + F.relu(y),
    "a result": lambda y: (F.relu(y), y),
    "a view of it is a result": lambda y: (F.relu(y), y[:3]),
    "twice": lambda y: F.relu(y) - F.relu(y) * 0.5,
    "through a view": lambda y: (F.relu(y.reshape(32, -1)), y.T),
    "written to later": lambda y: (F.relu(y), y.__imul__(2.0)),
}


@pytest.mark.usefixtures("loops")
@pytest.mark.parametrize("f", KEPT.values(), ids=KEPT)
def test_what_somebody_else_needs_is_left_alone(taken: list[str], f: Any) -> None:
    check(lambda x, weight, bias: f(F.linear(x, weight, bias)), X, WEIGHT, BIAS)
    assert taken == []


@pytest.mark.usefixtures("loops")
def test_arguments_weights_and_constants_are_left_alone(taken: list[str]) -> None:
    table = np.linspace(-1, 1, 64 * 96, dtype=np.float32).reshape(64, 96)
    check(lambda x: (F.relu(x), F.relu(x.T), F.relu(x[1:])), X)
    check(lambda x: F.relu(table) + x, X)
    layer = nnx.Linear(96, 64)
    check(lambda x: F.relu(layer.weight) @ x.T, X)
    assert taken == []
    assert table[0, 0] == -1


def test_a_slope_that_is_the_cotangent_itself_is_left_alone(taken: list[str]) -> None:
    """That of the second bias is also what comes back for the first, and ReLU's slope follows."""
    rng = np.random.default_rng(4)
    weight, bias = rng.standard_normal((5000, 3), np.float32), rng.standard_normal((2, 5000), np.float32)

    def loss(weight: Any, bias: Any, more: Any) -> Any:
        return ((F.linear(X[0, :3], weight, F.relu(bias)) + more) ** 3).sum()

    check(nnx.value_and_grad(loss, argnums=(0, 1, 2)), weight, bias[0].copy(), bias[1].copy())
    assert "relu_back_in_place" not in taken


def test_an_array_that_a_layer_keeps_is_left_alone(taken: list[str]) -> None:
    class Keeping(nnx.Layer):
        def __init__(self) -> None:
            self.linear = nnx.Linear(96, 64)
            self.last = nnx.Buffer(np.zeros((64, 64), np.float32))

        def forward(self, x: Any) -> Any:
            self.last = self.linear(x)
            return F.relu(self.last)

    model = Keeping()
    quick = nnx.compile(lambda x: model(x))
    for _ in range(4):
        found = quick(X)
        same(model.last, model.linear(X))
        same(found, np.maximum(model.last, 0))
    assert taken == []


@pytest.mark.usefixtures("loops")
def test_in_place_functions_do_what_they_stand_for() -> None:
    x, out = (np.random.default_rng(i).standard_normal((20, 3, 40, 30)).astype(np.float32) for i in range(2))
    x.flat[:3] = np.nan, -0.0, 0.0
    out = np.maximum(out, 0)
    for lay in (
        lambda a: a.copy(), lambda a: np.moveaxis(np.moveaxis(a, 0, -1).copy(), -1, 0), np.asfortranarray,
        lambda a: np.repeat(a, 2, axis=-1)[..., ::2], lambda a: a.astype(np.float64), lambda a: a[:0].copy(),
    ):  # fmt: skip
        same(dense.relu_in_place(lay(x).copy("K")), dense.relu(lay(x)))
        same(
            dense.relu_back_in_place(np, lay(x).copy("K"), lay(out), None),
            dense.relu_back(np, lay(x), lay(out), None),
        )
        same(
            dense.relu_back_in_place(np, lay(x).copy("K"), lay(out).copy(), None),
            dense.relu_back(np, lay(x), lay(out), None),
        )
    locked = x.copy()
    locked.flags.writeable = False
    same(dense.relu_in_place(locked), np.maximum(x, 0))
    same(dense.relu_back_in_place(np, locked, out, None), dense.relu_back(np, x, out, None))
    same(locked, x)


def test_only_the_first_of_several_results_may_be_taken() -> None:
    def steps(index: int) -> dict[Any, Any]:
        first, second = Register(0), Register(1)
        return _source._disposable(
            [
                Step(CALL, dense.linear_back, (), None, (first, second)),
                Step(CALL, dense.relu_back, ((first, second)[index],), None, Register(2)),
            ],
            Register(2),
        )

    assert steps(0)[Register(0)] is dense.linear_back
    assert Register(1) not in steps(1)


def test_a_function_that_is_wrong_would_be_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(IN_PLACE, dense.relu, (0, lambda x: np.abs(x, out=x)))
    with pytest.raises(AssertionError):
        check(lambda x, weight, bias: F.relu(F.linear(x, weight, bias)), X, WEIGHT, BIAS)
    assert dense.linear in FRESH
