"""What a Sequential does otherwise than layer by layer: values, errors, and that it does not where it would be seen."""

import copy
import pickle

import numpy as np
import pytest

import nnx
from nnx.autodiff.primitive import Primitive
from nnx.layers import _steps
from nnx_numpy.normalizing import scale_shift_in_place

CONVS, NORMS = (nnx.Conv1d, nnx.Conv2d, nnx.Conv3d), (nnx.BatchNorm1d, nnx.BatchNorm2d, nnx.BatchNorm3d)


def net(axes=2, after=(nnx.ReLU,), channels=2, conv=(), norm=(), kernel=3):
    with nnx.using("numpy"):
        layers = CONVS[axes - 1](channels, 4, kernel, **dict(conv)), NORMS[axes - 1](4, **dict(norm))
    model = nnx.Sequential(*layers, *(kind() for kind in after)).eval()
    for i, array in enumerate((model.parameters() | model.buffers()).values()):
        if array.ndim:
            array[...] = (
                np.random.default_rng(i).uniform(0.5, 1.5, array.shape).astype(array.dtype) - array.ndim // 3
            )
    return model


def one_by_one(model, x):
    for layer in model:
        x = layer(x)
    return x


def draw(*shape):
    return np.random.default_rng(sum(shape)).standard_normal(shape).astype(np.float32)


@pytest.fixture
def results(monkeypatch):
    """What has been done at once since."""
    found = []

    def noting(*args):
        found.append(normalized_convolution(*args))
        return found[-1]

    normalized_convolution = _steps.normalized_convolution
    monkeypatch.setattr(_steps, "normalized_convolution", noting)
    return found


@pytest.mark.parametrize(
    ("axes", "options"),
    [
        *((axes, {}) for axes in (1, 2, 3)),
        (2, {"after": ()}),
        (2, {"after": (nnx.Tanh, nnx.ReLU)}),
        (2, {"conv": {"bias": False}}),
        (2, {"norm": {"affine": False}}),
        (2, {"norm": {"bias": False}}),
        (2, {"conv": {"bias": False}, "norm": {"affine": False}, "after": ()}),
        (2, {"conv": {"stride": 2, "padding": 1, "groups": 2}}),
        (2, {"kernel": 1}),
    ],
)
@pytest.mark.parametrize("images", [1, 3])
def test_values_are_those_of_the_layers(axes, options, images, lib):
    model, x = net(axes, **options), draw(images, 2, *(6,) * axes)
    expected, x = one_by_one(model, x), lib.asarray(x)
    model.to(lib.backend, lib.device)
    before = lib.to_numpy(x).copy()
    lib.assert_close(model(x), expected, rtol=1e-4, atol=1e-5)
    lib.assert_close(model(x), expected, rtol=1e-4, atol=1e-5)
    assert (lib.to_numpy(x) == before).all()


def test_it_is_done_where_nobody_can_tell(results):
    model, x = net(), draw(2, 2, 6, 6)
    model(x)
    assert [out is not None for out in results] == [True]
    nnx.grad(lambda model: model(x).sum())(model)
    nnx.grad(lambda x: model(x).sum())(x)
    model(nnx.lift(x))
    model.summary(x.shape)
    with nnx.profile():
        model(x)
    assert len(results) == 1
    model[2].forward = lambda x: x
    assert (model(x) < 0).any()
    del model[2].forward
    model.train()
    assert (model(x) == one_by_one(model, x)).all()
    assert len(results) == 1


@pytest.mark.parametrize(
    "options",
    [
        {"norm": {"track_running_stats": False}},
        {"conv": {"padding": 1, "padding_mode": "circular"}},
        {"norm": {"eps": 1}},
    ],
)
def test_what_is_out_of_the_ordinary_is_left_to_the_layers(options, results):
    model, x = net(**options), draw(2, 2, 6, 6)
    assert (model(x) == one_by_one(model, x)).all()
    assert not any(out is not None for out in results)


def test_subclasses_and_parametrised_layers_do_what_they_do(results):
    class Twice(nnx.BatchNorm2d):
        def forward(self, x):
            return 2 * super().forward(x)

    model, x = net(), draw(2, 2, 6, 6)
    nnx.weight_norm(model[0])
    assert (model(x) == one_by_one(model, x)).all()
    model = net()
    model[1] = Twice(4).eval()
    assert (model(x) == one_by_one(model, x)).all()
    assert results == []


def test_changes_are_seen():
    model, x = net(after=()), draw(2, 2, 6, 6)
    assert (model(x) < 0).any()
    model.append(nnx.ReLU())
    assert (model(x) >= 0).all()
    model[1] = nnx.Identity()
    np.testing.assert_array_equal(model(x), one_by_one(model, x))
    model.insert(1, NORMS[1](4).eval())
    for other in (
        model,
        copy.deepcopy(model),
        pickle.loads(pickle.dumps(model)),
        model[:2],
        model + model[:0],
    ):
        np.testing.assert_allclose(other(x), one_by_one(other, x), rtol=1e-4, atol=1e-5)
    del model[0]
    with pytest.raises(ValueError, match='BatchNorm2d "0": expected running_mean of shape'):
        model(x)


@pytest.mark.parametrize(
    ("x", "message"),
    [
        (draw(2, 3, 6, 6), 'Conv2d "0": expected 2 channels, got 3'),
        (draw(2, 2, 2, 6), 'Conv2d "0": expected an input, padded, of at least'),
        (draw(2, 2, 6, 6).astype(np.float64), 'Conv2d "0": expected an input of the weight'),
        (draw(2, 6, 6), 'BatchNorm2d "1": expected an input with 4 axes'),
        ([[1.0]], 'Conv2d "0": expected x to be an array, got list'),
        (None, 'Conv2d "0": expected x to be an array, got NoneType'),
    ],
)
def test_errors_are_those_of_the_layers(x, message):
    with pytest.raises((ValueError, TypeError), match=message):
        net()(x)


def test_arrays_that_do_not_fit_are_named():
    model = net()
    model[1] = nnx.BatchNorm2d(5).eval()
    with pytest.raises(
        ValueError, match=r'BatchNorm2d "1": expected running_mean of shape \(4,\), got \(5,\)'
    ):
        model(draw(1, 2, 6, 6))
    model[1] = nnx.BatchNorm2d(4, dtype="float64").eval()
    with pytest.raises(TypeError, match='BatchNorm2d "1": expected an input of the weight\'s dtype float64'):
        model(draw(1, 2, 6, 6))


@pytest.mark.parametrize("shape", [(1, 3, 5), (2, 3, 4, 4), (1, 8, 80, 80), (5, 8, 80, 80), (40, 16, 50, 50)])
@pytest.mark.parametrize("rectified", [False, True])
def test_in_place_as_in_standard_functions(shape, rectified):
    own, xp = Primitive.registry["scale_shift_in_place"], nnx.backend("numpy").fast
    y, scale, shift = draw(*shape), *(draw(shape[1], *(1,) * (len(shape) - 2)) + i for i in (0, 1))
    y.flat[0] = np.nan
    expected = own.forward(xp, y.copy(), scale, shift, rectified=rectified)
    for given in (y.copy(), y.copy("F"), np.moveaxis(np.moveaxis(y, 0, -1).copy(), -1, 0)):
        out = scale_shift_in_place(given, scale, shift, rectified=rectified)
        np.testing.assert_array_equal(out, expected)
        assert np.shares_memory(out, given)
    y.flags.writeable = False
    np.testing.assert_array_equal(scale_shift_in_place(y, scale, shift, rectified=rectified), expected)


# ReLU and max pooling ---------------------------------------------------------------------------------------------

POOLS = nnx.MaxPool1d, nnx.MaxPool2d, nnx.MaxPool3d


@pytest.fixture
def order(monkeypatch):
    """The shapes that ReLU was given."""
    found = []
    forward = nnx.ReLU.forward

    def noting(self, x):
        found.append(getattr(x, "shape", None))
        return forward(self, x)

    monkeypatch.setattr(nnx.ReLU, "forward", noting)
    return found


@pytest.mark.parametrize("axes", [1, 2, 3])
@pytest.mark.parametrize("options", [{}, {"padding": 1, "stride": 2}, {"ceil_mode": True}, {"dilation": 2}])
def test_pooling_goes_first(axes, options, lib, order):
    pool = POOLS[axes - 1](3, **options)
    x = np.round(2 * draw(3, 2, *(8,) * axes)) / 2  # ties, and zeros
    x[0, 0] = -np.abs(x[0, 0])
    x[1, 0].flat[::7] = np.nan
    model = nnx.Sequential(nnx.ReLU(), pool)
    with nnx.profile():
        expected = nnx.vjp(model, lib.asarray(x))
    assert order[-1] == x.shape
    found = nnx.vjp(model, lib.asarray(x))
    assert order[-1] == found[0].shape != x.shape
    np.testing.assert_array_equal(lib.to_numpy(found[0]), lib.to_numpy(expected[0]))
    g = lib.asarray(draw(*found[0].shape))
    np.testing.assert_array_equal(*(lib.to_numpy(pull(g)[0]) for _, pull in (found, expected)))


def test_second_derivatives_are_those_of_the_layers():
    model, x = nnx.Sequential(nnx.ReLU(), nnx.MaxPool1d(2)), draw(1, 2, 4).astype(np.float64)
    hessian = nnx.hessian(lambda x, f: (f(x) ** 3).sum())
    np.testing.assert_array_equal(hessian(x, model), hessian(x, lambda x: one_by_one(model, x)))


def test_pooling_after_a_batch_norm_goes_first_in_training_only(order, results):
    model, x = net(after=(nnx.ReLU, lambda: nnx.MaxPool2d(2))), draw(2, 2, 6, 6)
    evaluated = model(x)
    assert order == []
    np.testing.assert_allclose(evaluated, one_by_one(model, x), rtol=1e-5)
    model.train()
    trained = model(x)
    assert order[-1] == (2, 4, 2, 2)
    assert (trained == one_by_one(model, x)).all()
    assert [out is not None for out in results] == [True]


def test_pooling_waits_where_it_would_be_noticed(order):
    x = draw(1, 2, 4, 4)
    pooled, index = nnx.Sequential(nnx.ReLU(), nnx.MaxPool2d(2, return_indices=True))(x)
    assert (order.pop(), pooled.shape, index.shape) == (x.shape, (1, 2, 2, 2), (1, 2, 2, 2))
    model = nnx.Sequential(nnx.ReLU(), nnx.MaxPool2d(2))
    model.summary(x.shape)
    assert order.pop() == x.shape
    model[1].forward = lambda x: x - 1
    assert model(x).shape == order.pop() == x.shape
    del model[1].forward

    class Other(nnx.MaxPool2d):
        pass

    nnx.Sequential(nnx.ReLU(), Other(2))(x)
    assert order.pop() == x.shape
    for wrong, message in ((None, 'ReLU "0": expected'), (x[0, 0], 'MaxPool2d "1": expected')):
        with pytest.raises((TypeError, ValueError), match=message):
            model(wrong)
