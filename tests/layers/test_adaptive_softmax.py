"""`AdaptiveLogSoftmaxWithLoss` against torch.nn's."""

from typing import Any, NamedTuple

import numpy as np
import pytest

import nnx

X = np.random.default_rng(3).standard_normal((6, 8))


class Row(NamedTuple):
    args: tuple[Any, ...]
    target: Any
    x: np.ndarray = X


ROWS = {
    "every cluster": Row((8, 20, [4, 9]), np.array([0, 19, 4, 9, 3, 12])),
    "one cluster": Row((8, 20, [4, 9]), np.array([5, 8, 8, 4, 5, 5])),
    "the shortlist": Row((8, 20, [4, 9], 2.0, True), np.array([3, 0, 2, 2, 1, 0])),
    "three cutoffs, no features left": Row((8, 20, (1, 2, 19), 3.0), np.array([0, 1, 2, 18, 19, 7])),
    "one example": Row((8, 20, [4, 9]), np.array([11]), X[:1]),
    "unbatched": Row((8, 20, [4, 9], 2.0, True), np.array(11), X[0]),
    "no example": Row((8, 20, [4, 9]), np.zeros(0, "i8"), X[:0]),
}


@pytest.mark.filterwarnings("ignore:Initializing zero-element:UserWarning")
@pytest.mark.parametrize("row", ROWS.values(), ids=ROWS)
def test_it_is_that_of_torch(row: Row, lib: Any, layer_agrees_with_torch: Any) -> None:
    torch = pytest.importorskip("torch", reason="PyTorch, the oracle, is not installed")
    ours, theirs = (
        f(*row.args) for f in (nnx.AdaptiveLogSoftmaxWithLoss, torch.nn.AdaptiveLogSoftmaxWithLoss)
    )
    assert repr(ours) == repr(theirs).replace("ModuleList", "LayerList")
    layer_agrees_with_torch(ours, theirs, (row.x,), (row.target,), printed=False)
    if row.x.ndim > 1:
        layer_agrees_with_torch(
            ours, theirs, (row.x,), call=lambda layer, x: layer.log_prob(x), printed=False
        )


@pytest.mark.parametrize("scale", [0.0, 1.0, 100.0])
def test_the_predicted_class_is_the_most_probable(scale: float, lib: Any) -> None:
    torch = pytest.importorskip("torch", reason="PyTorch, the oracle, is not installed")
    layer = nnx.AdaptiveLogSoftmaxWithLoss(8, 20, [4, 9], 2.0, True, dtype="float64")
    state = {name: lib.to_numpy(x) for name, x in layer.state_dict().items()}
    state["head.bias"] += scale * np.array([0, 0, 0, 0, 0.005, 0.005])  # from few clusters to nothing else
    layer.load_state_dict({name: lib.asarray(x) for name, x in state.items()})
    theirs = torch.nn.AdaptiveLogSoftmaxWithLoss(8, 20, [4, 9], 2.0, True, dtype=torch.float64)
    theirs.load_state_dict({name: torch.as_tensor(x) for name, x in state.items()})
    found = layer.predict(lib.asarray(X))
    lib.assert_equal(found, theirs.predict(torch.tensor(X)).numpy())
    lib.assert_equal(found, lib.to_numpy(lib.xp.argmax(layer.log_prob(lib.asarray(X)), axis=1)))


def test_probabilities_add_up_to_one(lib: Any) -> None:
    layer = nnx.AdaptiveLogSoftmaxWithLoss(8, 20, [4, 9])
    total = lib.xp.sum(lib.xp.exp(layer.log_prob(lib.asarray(X, "float32"))), axis=1)
    lib.assert_close(total, np.ones(6, "f4"), rtol=1e-6)


def test_results_have_names() -> None:
    result = nnx.AdaptiveLogSoftmaxWithLoss(8, 20, [4])(X.astype("f4"), np.array([0, 1, 2, 3, 4, 5]))
    np.testing.assert_allclose(result.loss, -result.output.mean(), rtol=1e-6)


@pytest.mark.parametrize("cutoffs", [[], [0, 4], [4, 4], [9, 4], [4, 20], [4.5]])
def test_cutoffs_that_cut_nothing_off_are_refused(cutoffs: Any) -> None:
    with pytest.raises(ValueError, match="cutoffs to be increasing integers from 1 to 19, got"):
        nnx.AdaptiveLogSoftmaxWithLoss(8, 20, cutoffs)


T = np.array([0, 19, 4, 9, 3, 12])
BAD: list[tuple[Any, type[Exception], str]] = [
    (lambda f, a: f(a(X), a(T[:3])), ValueError, r"got \(6, 8\) and \(3,\)"),
    (lambda f, a: f(a(X), a(0)), ValueError, r"got \(6, 8\) and \(\)"),
    (lambda f, a: f(a(X[0]), a(T)), ValueError, r"got \(8,\) and \(6,\)"),
    (lambda f, a: f(a(X), a(T[:, None])), ValueError, r"got \(6, 8\) and \(6, 1\)"),
    (lambda f, a: f(a(X), a(X[:, 0])), TypeError, "expected integer targets, got"),
    (lambda f, a: f(a(X), a(T + 1)), IndexError, "expected targets from 0 to 19, got 1 to 20"),
    (lambda f, a: f(a(X), a(T - 1)), IndexError, "expected targets from 0 to 19, got -1 to 18"),
    (lambda f, a: f(a(X[:, :5]), a(T)), ValueError, "expected a last axis of 8, got 5"),
    (lambda f, a: f.log_prob(a(X[0])), ValueError, r"expected an input with 2 axes, got shape \(8,\)"),
]


@pytest.mark.parametrize(("call", "kind", "message"), BAD, ids=range(len(BAD)))
def test_bad_input_is_refused(call: Any, kind: type[Exception], message: str, lib: Any) -> None:
    with pytest.raises(kind, match=message):
        call(nnx.AdaptiveLogSoftmaxWithLoss(8, 20, [4, 9], dtype="float64"), lib.asarray)
