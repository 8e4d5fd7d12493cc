"""The short ways that NumPy takes for one example, against the standard functions: values, and nothing left behind."""

import threading
from itertools import product

import numpy as np
import pytest

import nnx
import nnx.functional as F
from nnx.autodiff.primitive import Primitive
from nnx.functional._conv_arguments import _geometry
from nnx_numpy import convolution, dense, normalizing
from nnx_numpy.convolution_plan import CACHE, planned
from nnx_numpy.cores import scratch
from nnx_numpy.reference import reference

RANDOM = np.random.default_rng(5)


def draw(*shape, dtype=np.float32):
    numbers = RANDOM.standard_normal(shape)
    return (numbers + 1j * RANDOM.standard_normal(shape) if dtype == np.complex64 else numbers).astype(dtype)


# convolution ---------------------------------------------------------------------------------------------------------

SIZES = {1: (9,), 2: (7, 8), 3: (5, 4, 6)}
WINDOWS = [*product((1, 2, 3), (1, 2), (0, 1, 2), (1, 2), (1, 2), (True, False))]


@pytest.mark.parametrize("axes", SIZES)
@pytest.mark.parametrize("dtype", [np.float32, np.float64, np.complex64])
def test_convolution_of_one_image(axes, dtype):
    for kernel, stride, padding, dilation, groups, biased in WINDOWS:
        size, four = SIZES[axes], ((n,) * axes for n in (kernel, stride, padding, dilation))
        if any(n + 2 * padding <= dilation * (kernel - 1) for n in size):
            continue
        x, weight = draw(1, 4, *size, dtype=dtype), draw(6, 4 // groups, *(kernel,) * axes, dtype=dtype)
        bias = draw(6, dtype=dtype) if biased else None
        geometry = _geometry("conv", size, *four, groups)
        assert planned(1, weight.shape, x, geometry).alone
        expected = reference("convolution")(x, weight, bias, geometry=geometry)
        for image in (x, np.asfortranarray(x)):
            scratch((4000,), np.uint8)[...] = 255  # NaN where something is read that has not been written
            out = convolution.convolution(image, weight, bias, geometry=geometry)
            assert out.dtype == dtype
            np.testing.assert_allclose(out, expected, rtol=1e-4, atol=1e-4)


def test_a_filter_for_each_channel_and_large_images_go_other_ways():
    def alone(channels, filters, size, groups=1, images=1):
        geometry = _geometry("conv", size, (3, 3), (1, 1), (1, 1), (1, 1), groups)
        shape = (filters, channels // groups, 3, 3)
        return planned(images, shape, np.empty((images, channels, *size), np.float32), geometry).alone

    assert alone(8, 8, (8, 8))
    assert not alone(8, 8, (8, 8), groups=8)
    assert not alone(8, 8, (8, 8), images=2)
    assert not alone(64, 8, (CACHE // 2**14, 64))


def test_results_lie_in_memory_of_their_own():
    layer = nnx.Conv2d(2, 3, 3, padding=1)
    x, y = draw(1, 2, 6, 6), draw(1, 2, 6, 6)
    first = layer(x)
    before = first.copy()
    layer(y)
    assert (first == before).all()
    assert (layer(x) == before).all()


def test_threads_convolve_in_memory_of_their_own():
    layer, images = nnx.Conv2d(4, 4, 3, padding=1), [draw(1, 4, 16, 16) for _ in range(4)]
    expected, wrong = [layer(x) for x in images], []

    def work(i):
        wrong.extend(i for _ in range(200) if not (layer(images[i]) == expected[i]).all())

    threads = [threading.Thread(target=work, args=(i,)) for i in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []


def test_parameters_changed_in_place_are_seen():
    model = nnx.Sequential(
        nnx.Conv2d(2, 3, 3), nnx.BatchNorm2d(3), nnx.ReLU(), nnx.Flatten(), nnx.Linear(12, 2)
    ).eval()
    x = draw(1, 2, 4, 4)
    before = model(x)
    for name, array in (model.parameters() | model.buffers()).items():
        if array.dtype == np.float32:
            array += 0.25
            after = model(x)
            assert (after != before).any(), name
            before = after
    fresh = nnx.Sequential(
        nnx.Conv2d(2, 3, 3), nnx.BatchNorm2d(3), nnx.ReLU(), nnx.Flatten(), nnx.Linear(12, 2)
    ).eval()
    fresh.load_state_dict(model.state_dict())
    assert (fresh(x) == before).all()


# dense layers and activations ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(("length", "columns"), [(1, 1), (8, 3), (700, 600), (1024, 1024)])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_linear_of_one_row(length, columns, dtype):
    x, weight, bias = (
        draw(1, length, dtype=dtype),
        draw(columns, length, dtype=dtype),
        draw(columns, dtype=dtype),
    )
    kept = bias.copy()
    expected = reference("linear")(x, weight, bias)
    for some in (weight, np.asfortranarray(weight)):
        out = dense.linear(x, some, bias)
        assert out.shape == (1, columns)
        assert out.dtype == dtype
        np.testing.assert_allclose(out, expected, rtol=1e-4, atol=1e-3)
    assert (bias == kept).all()
    np.testing.assert_array_equal(dense.linear(x[None], weight, bias), dense.linear(x, weight, bias)[None])


@pytest.mark.parametrize(
    "shape", [(7,), (1, 4096), (3, 5000), (2, 2**14), (5, 2**14 + 3), (64, 1000), (4096, 4)]
)
def test_relu_of_any_length(shape):
    x = draw(*shape)
    x.flat[:3] = np.nan, -0.0, np.inf
    for some in (x, np.asfortranarray(x), x[..., ::2]):
        np.testing.assert_array_equal(dense.relu(some), np.maximum(some, 0))


# batch norm ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("shape", [(1, 4, 8), (1, 64, 16, 16), (1, 32, 32, 32), (8, 3, 100, 100), (700, 32)])
def test_scaling_does_not_depend_on_buffers(shape):
    x = draw(*shape)
    scale, shift = (draw(shape[1], *(1,) * (len(shape) - 2)) for _ in range(2))
    before = np.getbufsize()
    np.testing.assert_array_equal(normalizing.scale_shift(x, scale, shift), x * scale + shift)
    with pytest.raises(ValueError, match="broadcast"):
        normalizing.scale_shift(x, scale, np.concatenate((shift, shift)))
    assert np.getbufsize() == before


# arguments that are not checked twice --------------------------------------------------------------------------------


def test_what_equals_a_right_argument_is_still_refused():
    x, weight, bias = draw(1, 2, 5, 5), draw(3, 2, 2, 2), draw(3)
    F.conv2d(x, weight, bias, 1, 0, 1, 1)
    F.max_pool2d(x, 2, 1, 0, 1)
    for arguments in (
        (1.0, 0, 1, 1),
        (True, 0, 1, 1),
        (1, 0.0, 1, 1),
        ((1.0, 1), 0, 1, 1),
        (1, 0, 1, True),
        (1, 0, 1, 1.0),
    ):
        with pytest.raises((TypeError, ValueError), match="conv2d: expected"):
            F.conv2d(x, weight, bias, *arguments)
    for arguments in ((2.0, 1), (2, True), (2, 1, False), (2, 1, 0, 1.0)):
        with pytest.raises((TypeError, ValueError), match="max_pool2d: expected"):
            F.max_pool2d(x, *arguments)


def test_a_changed_list_is_read_again():
    x, stride = draw(1, 1, 8, 8), [1, 1]
    weight = draw(1, 1, 2, 2)
    assert F.conv2d(x, weight, stride=stride).shape == (1, 1, 7, 7)
    stride[:] = 2, 2
    assert F.conv2d(x, weight, stride=stride).shape == (1, 1, 4, 4)
    kernel = [2, 2]
    assert F.max_pool2d(x, kernel).shape == (1, 1, 4, 4)
    kernel[:] = 4, 4
    assert F.max_pool2d(x, kernel).shape == (1, 1, 2, 2)


def test_right_arguments_once_do_not_excuse_wrong_arrays_later():
    model = nnx.Sequential(
        nnx.Conv2d(2, 3, 3), nnx.BatchNorm2d(3), nnx.ReLU(), nnx.MaxPool2d(2), nnx.Flatten(), nnx.Linear(3, 2)
    )
    model.eval()
    x = draw(1, 2, 4, 4)
    model(x)
    for wrong, message in (
        (x[:, :1], '"0": expected 2 channels, got 1'),
        (x.astype(np.float64), '"0": expected an input of the weight\'s dtype float32, got float64'),
        (x[0, 0], '"0": expected an input with 4 axes'),
        (draw(1, 2, 8, 8), '"5": expected a last axis of 3, got 27'),
        (x.tolist(), '"0": expected x to be an array, got list'),
        (None, '"0": expected x to be an array, got NoneType'),
    ):
        with pytest.raises((TypeError, ValueError), match=message):
            model(wrong)
    y = draw(1, 3, 2, 2)
    for wrong, message in (
        (y.astype(np.float64), "dtype float32, got float64"), (y[:, :2], r"running_mean of shape \(2,\), got \(3,\)"),
        (y[0, 0, 0], "expected an input with 4 axes"), (y.astype(np.int64), "dtype float32, got int64"),
    ):  # fmt: skip
        with pytest.raises((TypeError, ValueError), match=message):
            model[1](wrong)
    model[0].bias = None
    assert model(x).shape == (1, 2)


@pytest.mark.filterwarnings("ignore:You are comparing a array_api_strict dtype")
def test_an_array_of_another_library_is_refused_after_a_right_one():
    strict = pytest.importorskip("array_api_strict")
    x, weight = draw(1, 2, 5, 5), draw(3, 2, 2, 2)
    assert F.conv2d(x, weight).shape == (1, 3, 4, 4)
    assert F.conv2d(strict.asarray(x), strict.asarray(weight)).shape == (1, 3, 4, 4)
    for wrong in ((x, strict.asarray(weight)), (strict.asarray(x), weight)):
        with pytest.raises(nnx.MixedLibrariesError, match="arrays of two libraries met"):
            F.conv2d(*wrong)
    assert F.max_pool2d(x, 2).shape == F.max_pool2d(strict.asarray(x), 2).shape


# calls ---------------------------------------------------------------------------------------------------------------


def test_plain_and_traced_arguments_in_any_order():
    linear, x, weight, bias = Primitive.registry["linear"], draw(1, 3), draw(2, 3), draw(2)
    expected = linear(x, weight, bias)
    for argnums in (0, 1, 2):
        grad = nnx.grad(lambda *arrays: linear(*arrays).sum(), argnums=argnums)(x, weight, bias)
        assert grad.shape == (x, weight, bias)[argnums].shape
        assert (linear(x, weight, bias) == expected).all()


def test_layers_read_their_arrays_as_attributes_do():
    layer, x = nnx.Linear(3, 2), draw(1, 3)
    assert set(nnx.grad(lambda layer: layer(x).sum())(layer)) == {"weight", "bias"}
    assert (layer(x=x) == layer(x)).all()
    nnx.weight_norm(layer)
    plain = x @ np.asarray(layer.weight).T + layer.bias
    np.testing.assert_allclose(layer(x), plain, rtol=1e-5)
    layer.bias = None
    np.testing.assert_allclose(layer(x), x @ np.asarray(layer.weight).T, rtol=1e-5)


def test_a_property_goes_before_the_array_that_it_hides():
    class Doubled(nnx.Linear):
        @property
        def weight(self):
            return 2 * self._nnx_cells["weight"].value

    layer, x = Doubled(3, 2, bias=True), draw(1, 3)
    np.testing.assert_allclose(layer(x), x @ np.asarray(layer.weight).T + layer.bias, rtol=1e-5)
    plain = nnx.Linear(3, 2)
    plain.load_state_dict(layer.state_dict())
    assert (plain(x) != layer(x)).all()
