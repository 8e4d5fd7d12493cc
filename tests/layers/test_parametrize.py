"""Parametrised layers against torch.nn.utils.parametrizations: numbers, buffers, state dicts, copies, refusals."""

import copy
import pickle
import warnings
from typing import Any, NamedTuple

import numpy as np
import pytest

import nnx
from nnx import (
    is_parametrized,
    orthogonal,
    register_parametrization,
    remove_parametrizations,
    spectral_norm,
    weight_norm,
)


def draw(*shape: int) -> np.ndarray:
    return np.random.default_rng(4).standard_normal(shape)


class Row(NamedTuple):
    by: str
    layer: str
    args: tuple[Any, ...]
    x: Any
    options: dict[str, Any] = {}
    name: str = "weight"


ROWS = [
    Row("weight_norm", "Linear", (4, 3), draw(5, 4)),
    Row("weight_norm", "Linear", (4, 3), draw(5, 4), {"axis": 1}),
    Row("weight_norm", "Linear", (4, 3), draw(5, 4), {"axis": None}),
    Row("weight_norm", "Linear", (4, 3), draw(5, 4), {"axis": -1}),
    Row("weight_norm", "Linear", (4, 3), draw(5, 4), name="bias"),
    Row("weight_norm", "Conv1d", (2, 3, 2), draw(2, 2, 5), {"axis": -2}),
    Row("weight_norm", "Conv2d", (2, 3, 2), draw(2, 2, 4, 3)),
    Row("weight_norm", "ConvTranspose2d", (2, 3, 2), draw(2, 2, 3, 2), {"axis": 1}),
    Row("spectral_norm", "Linear", (4, 3), draw(5, 4)),
    Row("spectral_norm", "Linear", (4, 3, False), draw(5, 4), {"n_power_iterations": 3}),
    Row("spectral_norm", "Linear", (4, 3), draw(5, 4), {"axis": -1, "eps": 1e-3}),
    Row("spectral_norm", "Linear", (4, 3), draw(5, 4), name="bias"),
    Row("spectral_norm", "Conv2d", (2, 3, 2), draw(2, 2, 4, 3)),
    Row("spectral_norm", "ConvTranspose1d", (2, 3, 2), draw(2, 2, 4)),
    Row("spectral_norm", "LayerNorm", (4,), draw(3, 4)),
    *[
        Row(
            "orthogonal",
            "Linear",
            sizes,
            draw(3, sizes[0]),
            {"orthogonal_map": map_, "use_trivialization": trivial},
        )
        for sizes in ((4, 4), (3, 5), (5, 2))
        for map_ in ("matrix_exp", "cayley", "householder")
        for trivial in (True, False)
    ],
    Row("orthogonal", "Linear", (4, 4), draw(3, 4)),
    Row("orthogonal", "Linear", (4, 3), draw(3, 4)),
    Row("orthogonal", "Conv1d", (3, 2, 4), draw(2, 3, 5)),
]


def both(row: Row) -> tuple[Any, Any]:
    torch = pytest.importorskip("torch", reason="PyTorch, the oracle, is not installed")
    options = {{"axis": "dim"}.get(key, key): value for key, value in row.options.items()}
    apply = getattr(torch.nn.utils.parametrizations, row.by)
    theirs = apply(getattr(torch.nn, row.layer)(*row.args).double(), row.name, **options)
    ours = getattr(nnx, row.by)(getattr(nnx, row.layer)(*row.args), row.name, **row.options)
    return ours, theirs


@pytest.mark.parametrize("row", ROWS, ids=lambda row: f"{row.by}-{row.layer}{row.options}{row.name}")
def test_a_parametrised_layer_is_that_of_torch(
    row: Row, layer_agrees_with_torch: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    ours, theirs = both(row)
    torch = pytest.importorskip("torch")
    # Its own, which holds the norms for constants, has wrong second derivatives (torch.autograd.gradgradcheck).
    monkeypatch.setattr(torch, "_weight_norm", lambda v, g, dim: v * (g / torch.norm_except_dim(v, 2, dim)))
    assert repr(ours) == repr(theirs).replace("ModuleDict", "LayerDict")
    smooth = "householder" not in getattr(
        getattr(ours.parametrizations, row.name)[0], "orthogonal_map", ""
    )  # its signs are steps
    layer_agrees_with_torch(
        ours, theirs, [row.x], printed=False, modes=(True, True, False), differences=smooth
    )


@pytest.mark.parametrize("row", ROWS, ids=lambda row: f"{row.by}-{row.layer}{row.options}{row.name}")
def test_plain_layers_are_parametrised_as_by_torch(row: Row, lib: Any) -> None:
    """The same values and originals of the same weights, but for singular vectors, which start at random."""
    torch = pytest.importorskip("torch", reason="PyTorch, the oracle, is not installed")
    plain = getattr(nnx, row.layer)(*row.args).astype("float64")
    theirs = getattr(torch.nn, row.layer)(*row.args).double()
    theirs.load_state_dict({k: torch.tensor(lib.to_numpy(v)) for k, v in plain.state_dict().items()})
    options = {{"axis": "dim"}.get(key, key): value for key, value in row.options.items()}
    getattr(torch.nn.utils.parametrizations, row.by)(theirs, row.name, **options)
    ours = getattr(nnx, row.by)(plain, row.name, **row.options)
    expected = {k: t.detach().numpy() for k, t in theirs.state_dict().items()}
    assert list(ours.state_dict()) == list(expected)
    if row.by != "spectral_norm":
        lib.assert_close(
            getattr(ours, row.name), getattr(theirs, row.name).detach().numpy(), rtol=1e-9, atol=1e-12
        )
    if row.by != "orthogonal":  # some of whose numbers mean nothing
        for name, x in ours.parameters().items():
            lib.assert_close(x, expected[name], rtol=1e-12, atol=1e-15)


def test_singular_values_are_found(lib: Any) -> None:
    layer = spectral_norm(nnx.Conv2d(3, 4, 3, dtype="float64"), n_power_iterations=50)
    original = lib.to_numpy(layer.parametrizations.weight.original)
    expected = original / np.linalg.svd(original.reshape(4, -1))[1][0]
    lib.assert_close(layer.weight, expected, rtol=1e-6, atol=1e-9)
    again = layer.eval().weight
    lib.assert_equal(layer.weight, lib.to_numpy(again))


@pytest.mark.parametrize("map_", ["matrix_exp", "cayley", "householder"])
@pytest.mark.parametrize("shape", [(3, 3), (4, 2), (2, 4), (3, 4, 2), (0, 2)])
def test_weights_stay_orthogonal(map_: str, shape: tuple[int, ...], lib: Any) -> None:
    for trivial in (True, False):
        layer = nnx.Layer()
        layer.weight = nnx.Parameter(lib.asarray(5 * draw(*shape)))
        layer = orthogonal(layer, orthogonal_map=map_, use_trivialization=trivial)
        for step in (0.0, 3.0):
            part = layer.parametrizations.weight
            change = step * draw(*shape) * (1 - np.eye(*shape[-2:]))  # reflections have signs on the diagonal
            part.original = part.original + lib.asarray(change)
            q = lib.to_numpy(layer.weight)
            q = q if q.shape[-2] >= q.shape[-1] else q.swapaxes(-1, -2)
            expected = np.broadcast_to(np.eye(q.shape[-1]), (*q.shape[:-2], q.shape[-1], q.shape[-1]))
            np.testing.assert_allclose(q.swapaxes(-1, -2) @ q, expected, atol=1e-12)


def test_unitary_weights() -> None:
    torch = pytest.importorskip("torch", reason="PyTorch, the oracle, is not installed")
    x = draw(3, 3) + 1j * draw(3, 6)[:, 3:]
    for map_ in (None, "cayley"):
        ours, theirs = nnx.Layer(), torch.nn.Module()
        ours.weight, theirs.weight = nnx.Parameter(x), torch.nn.Parameter(torch.tensor(x))
        orthogonal(ours, orthogonal_map=map_)
        torch.nn.utils.parametrizations.orthogonal(theirs, orthogonal_map=map_)
        theirs.load_state_dict({k: torch.tensor(v) for k, v in ours.state_dict().items()})
        theirs.parametrizations.weight.original.data += torch.tensor(x)
        ours.load_state_dict({k: v.numpy() for k, v in theirs.state_dict().items()})
        np.testing.assert_allclose(ours.weight, theirs.weight.detach().numpy(), rtol=1e-9)
        np.testing.assert_allclose(ours.weight.conj().T @ ours.weight, np.eye(3), atol=1e-12)


def test_assigning_orthogonal_weights(lib: Any) -> None:
    q = np.linalg.qr(draw(4, 4))[0]
    for options in ({}, {"orthogonal_map": "householder", "use_trivialization": False}):
        layer = orthogonal(nnx.Linear(4, 4, dtype="float64"), **options)
        layer.weight = lib.asarray(q)
        lib.assert_close(layer.weight, q, rtol=1e-12, atol=1e-14)
    layer = orthogonal(nnx.Linear(4, 4, dtype="float64"), orthogonal_map="cayley", use_trivialization=False)
    with pytest.raises(NotImplementedError, match="cannot be assigned"):
        layer.weight = lib.asarray(q)


def test_vectors_are_improved_in_training_only_and_kept_if_all_went_well(lib: Any) -> None:
    layer = spectral_norm(nnx.Linear(4, 3, dtype="float64"))
    x = lib.asarray(draw(2, 4))

    def loss(layer: Any) -> Any:
        out = layer(nnx.lift(x))
        return nnx.array_namespace(out).sum(out)

    def fails(layer: Any) -> Any:
        loss(layer)
        raise RuntimeError("later")

    def vectors() -> Any:
        return [lib.to_numpy(v) for v in layer.buffers().values()]

    first = vectors()
    with pytest.raises(RuntimeError, match="later"):
        nnx.grad(fails)(layer)
    layer.eval()
    nnx.grad(loss)(layer)
    np.testing.assert_equal(vectors(), first)
    layer.train()
    nnx.grad(loss)(layer)
    second = vectors()
    assert not np.array_equal(first[0], second[0])
    assert all(lib.owns(v) for v in layer.buffers().values())
    nnx.grad(nnx.checkpoint(loss))(layer)
    third = vectors()
    layer.load_state_dict(
        {**layer.state_dict(), **dict(zip(layer.buffers(), map(lib.asarray, second), strict=True))}
    )
    layer(x)
    np.testing.assert_allclose(vectors()[0], third[0], rtol=1e-12)


def test_several_parametrizations_are_applied_in_order(lib: Any) -> None:
    torch = pytest.importorskip("torch", reason="PyTorch, the oracle, is not installed")
    of = torch.nn.utils.parametrizations
    theirs = of.spectral_norm(of.weight_norm(torch.nn.Linear(4, 3).double())).eval()
    ours = spectral_norm(weight_norm(nnx.Linear(4, 3, dtype="float64"))).eval()
    ours.load_state_dict({k: lib.asarray(t.detach().numpy()) for k, t in theirs.state_dict().items()})
    assert list(ours.state_dict()) == list(theirs.state_dict())
    lib.assert_close(ours.weight, theirs.weight.detach().numpy(), rtol=1e-12)
    weight_norm(spectral_norm(ours, "bias").eval().parametrizations.bias, "original")
    assert list(ours.parameters())[:2] == [
        "parametrizations.weight.original0",
        "parametrizations.weight.original1",
    ]


def test_training_moves_the_originals(lib: Any) -> None:
    torch = pytest.importorskip("torch", reason="PyTorch, the oracle, is not installed")
    of = torch.nn.utils.parametrizations
    theirs = torch.nn.Sequential(
        of.weight_norm(torch.nn.Linear(4, 8)), torch.nn.Tanh(), of.spectral_norm(torch.nn.Linear(8, 1))
    )
    ours = nnx.Sequential(weight_norm(nnx.Linear(4, 8)), nnx.Tanh(), spectral_norm(nnx.Linear(8, 1)))
    theirs.double()
    ours.astype("float64").load_state_dict(
        {k: lib.asarray(t.detach().numpy()) for k, t in theirs.state_dict().items()}
    )
    optimizer = nnx.optim.Adam(ours, learning_rate=0.01)
    twin = torch.optim.Adam(theirs.parameters(), lr=0.01)
    x = draw(6, 4)

    @nnx.grad
    def gradients(model: Any, x: Any) -> Any:
        return nnx.array_namespace(x).mean(model(x) ** 2)

    for _ in range(10):
        optimizer.update(gradients(ours, lib.asarray(x)))
        twin.zero_grad()
        (theirs(torch.tensor(x)) ** 2).mean().backward()
        twin.step()
    for name, t in theirs.state_dict().items():
        lib.assert_close(ours.state_dict()[name], t.numpy(), rtol=1e-8, atol=1e-10)


def test_second_derivatives() -> None:
    for make in (weight_norm, spectral_norm, lambda layer: orthogonal(layer, orthogonal_map="cayley")):
        layer = make(nnx.Linear(4, 2, dtype="float64")).eval()
        nnx.testing.check_gradients(lambda layer, x: layer(x) ** 3, layer, draw(3, 4), order=2)


@pytest.mark.parametrize("make", [weight_norm, spectral_norm, orthogonal])
def test_copies_pickles_conversions_and_freezing(make: Any, lib: Any) -> None:
    model = nnx.Sequential(make(nnx.Linear(4, 3)), nnx.ReLU()).eval()
    x = lib.asarray(draw(2, 4), "float32")
    expected = lib.to_numpy(model(x))
    others = [copy.deepcopy(model)] + ([pickle.loads(pickle.dumps(model))] if lib.name != "strict" else [])
    for other in others:
        assert type(other[0]) is type(model[0])
        lib.assert_equal(other(x), expected)
        assert isinstance(other[0], nnx.Linear)
        assert repr(other) == repr(model)
        optimizer = nnx.optim.SGD(other, learning_rate=0.1)
        optimizer.update({k: v + 1 for k, v in other.parameters().items()})
        assert not np.array_equal(lib.to_numpy(other(x)), expected)
    lib.assert_equal(model(x), expected)
    assert model.astype("float64")[0].weight.dtype == lib.xp.float64
    assert list(model.freeze("0.parametrizations").parameters(trainable=True)) == ["0.bias"]
    assert model.summary((2, 4)).startswith("layer")
    assert model.to("numpy")[0].weight.shape == (3, 4)
    assert isinstance(model[0].weight, np.ndarray)


def test_assigning_takes_the_parametrization_backwards(lib: Any) -> None:
    weight = draw(3, 4)
    for value in (lib.asarray(weight), nnx.Parameter(lib.asarray(weight))):
        layer = weight_norm(nnx.Linear(4, 3, dtype="float64"))
        layer.weight = value
        lib.assert_close(layer.weight, weight, rtol=1e-12)
        lib.assert_close(
            layer.parametrizations.weight.original0, np.linalg.norm(weight, axis=1, keepdims=True), rtol=1e-12
        )
        assert list(layer.state_dict()) == ["bias", *(f"parametrizations.weight.original{i}" for i in (0, 1))]
    layer = spectral_norm(nnx.Linear(4, 3, dtype="float64"))
    layer.weight = lib.asarray(weight)
    lib.assert_equal(layer.parametrizations.weight.original, weight)
    with pytest.raises(ValueError, match=r'"original" has shape \(3, 4\), got \(2,\)'):
        layer.weight = lib.asarray([1.0, 2.0])


def test_removing_leaves_a_plain_layer(lib: Any) -> None:
    layer = weight_norm(nnx.Linear(4, 3))
    weight = lib.to_numpy(layer.weight)
    assert is_parametrized(layer)
    assert is_parametrized(layer, "weight")
    assert not is_parametrized(layer, "bias")
    with pytest.raises(ValueError, match="computed from 2 arrays"):
        remove_parametrizations(layer, "weight", leave_parametrized=False)
    spectral_norm(layer, "bias")
    assert remove_parametrizations(layer, "weight") is layer
    assert is_parametrized(layer)
    remove_parametrizations(layer, "bias", leave_parametrized=False)
    assert type(layer) is nnx.Linear
    assert not hasattr(layer, "parametrizations")
    assert list(layer.parameters(trainable=True)) == ["weight", "bias"]
    lib.assert_equal(layer.weight, weight)
    frozen = weight_norm(nnx.Linear(4, 3).freeze("weight"))
    assert list(frozen.parameters(trainable=True)) == ["bias"]
    assert list(remove_parametrizations(frozen, "weight").parameters(trainable=True)) == ["bias"]
    eval_mode = spectral_norm(nnx.Linear(4, 3).eval())
    assert not eval_mode.parametrizations.weight[0].training
    expected = lib.to_numpy(eval_mode.weight)
    lib.assert_equal(remove_parametrizations(eval_mode, "weight").weight, expected)


class Symmetric(nnx.Layer):
    def forward(self, x: Any) -> Any:
        xp = nnx.array_namespace(x)
        return xp.triu(x) + xp.matrix_transpose(xp.triu(x, k=1))

    def right_inverse(self, x: Any) -> Any:
        return nnx.array_namespace(x).triu(x)


class Double(nnx.Layer):
    def forward(self, x: Any) -> Any:
        return 2 * x


def test_own_parametrizations_of_parameters_and_buffers(lib: Any) -> None:
    layer = register_parametrization(nnx.Linear(3, 3, dtype="float64"), "weight", Symmetric())
    a = lib.asarray([[1.0, 2.0, 3.0], [2.0, 5.0, 6.0], [3.0, 6.0, 9.0]])
    layer.weight = a
    lib.assert_equal(layer.weight, lib.to_numpy(a))
    lib.assert_equal(layer.parametrizations.weight.original, np.triu(lib.to_numpy(a)))
    norm = register_parametrization(nnx.BatchNorm1d(2), "running_var", Double())
    lib.assert_equal(norm.running_var, np.full(2, 2.0, np.float32))
    assert "parametrizations.running_var.original" in norm.buffers()
    with pytest.raises(TypeError, match="Double: has no right_inverse"):
        norm.running_var = norm.running_mean


class Wider(nnx.Layer):
    def forward(self, x: Any) -> Any:
        return nnx.array_namespace(x).concat([x, x])


def test_what_does_not_fit_is_refused_and_nothing_is_changed() -> None:
    layer = nnx.Linear(4, 3)
    weight = layer.weight
    for attempt, kind, message in (
        (lambda: weight_norm(layer, "wait"), ValueError, 'Linear: has no parameter or buffer "wait"'),
        (lambda: spectral_norm(layer, "wait"), ValueError, 'Linear: has no parameter or buffer "wait"'),
        (lambda: weight_norm(layer, axis=2), IndexError, "expected an axis of an array with 2 axes, got 2"),
        (
            lambda: spectral_norm(layer, axis=-3),
            IndexError,
            "expected an axis of an array with 2 axes, got -3",
        ),
        (lambda: orthogonal(layer, "bias"), ValueError, "expected a matrix or several, got 1 axes"),
        (lambda: orthogonal(layer, "wait"), ValueError, 'has no parameter or buffer "wait"'),
        (
            lambda: orthogonal(layer, orthogonal_map="exp"),
            ValueError,
            "matrix_exp, cayley, householder; got 'exp'",
        ),
        (lambda: spectral_norm(layer, n_power_iterations=0), ValueError, "positive, got 0"),
        (
            lambda: register_parametrization(layer, "weight", Wider()),
            ValueError,
            r"may not change its shape \(3, 4\)",
        ),
        (lambda: register_parametrization(3, "weight", Wider()), TypeError, "expected a Layer, got int"),
        (lambda: remove_parametrizations(layer, "weight"), ValueError, 'has no parametrization on "weight"'),
        (lambda: weight_norm(weight_norm(nnx.Linear(2, 2))), ValueError, "parametrized already"),
    ):
        with pytest.raises(kind, match=message):
            attempt()
        assert type(layer) is nnx.Linear
        assert layer.weight is weight
    assert register_parametrization(layer, "weight", Wider(), unsafe=True).weight.shape == (6, 4)


@pytest.mark.parametrize("by", ["weight_norm", "spectral_norm"])
def test_states_of_torchs_older_functions_load(by: str, lib: Any) -> None:
    torch = pytest.importorskip("torch", reason="PyTorch, the oracle, is not installed")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", FutureWarning)  # weight_norm is deprecated there
        theirs = torch.nn.Sequential(getattr(torch.nn.utils, by)(torch.nn.Linear(4, 3).double()))
    ours = nnx.Sequential(getattr(nnx, by)(nnx.Linear(4, 3, dtype="float64")))
    state = {k: lib.asarray(t.detach().numpy()) for k, t in theirs.state_dict().items()}
    assert ours.load_state_dict(state) == ([], [])
    x = draw(2, 4)
    lib.assert_close(ours.eval()(lib.asarray(x)), theirs.eval()(torch.tensor(x)).detach().numpy(), rtol=1e-12)
