"""``nnx.profile``: it measures what it says, changes no result, and leaves nothing behind."""

import json
import subprocess
import sys
import threading
from typing import Any

import numpy as np
import pytest

import nnx
import nnx.autodiff.library as libraries
from nnx.autodiff import numpy_ufuncs, primitive
from nnx.autodiff.library import Library
from nnx.autodiff.namespace import _Part
from nnx.autodiff.primitive import Primitive
from nnx.autodiff.tape import Tape
from nnx.autodiff.trace import Call
from nnx.autodiff.traced import TracedArray
from nnx.layers import Layer
from nnx.optim import Optimizer
from nnx.profiling import _profile, _recorder

FORWARD, BACKWARD = 0.02, 0.03
_now = [0]


@pytest.fixture(autouse=True)
def _clock(monkeypatch: pytest.MonkeyPatch) -> None:
    """A clock on which only ``work`` takes time, so that every figure is exact."""
    for module in (_profile, _recorder):
        monkeypatch.setattr(module, "perf_counter_ns", lambda: _now[0])


def work(seconds: float) -> None:
    _now[0] += round(seconds * 1e9)


@primitive("slow_of_profile")
def slow(xp: Any, x: Any) -> Any:
    work(FORWARD)
    return 2 * x


@slow.defpullback
def _(xp: Any, g: Any, _out: Any, _x: Any) -> Any:
    work(BACKWARD)
    return 2 * g


@primitive("passing_of_profile")
def passing(xp: Any, x: Any) -> Any:
    return x + 1


passing.defpullback(lambda _xp, g, _out, _x: slow(g))


@primitive("nothing_of_profile")
def nothing(_xp: Any, _x: Any) -> None:
    work(FORWARD)


class Slow(Layer):
    def forward(self, x: Any) -> Any:
        return slow(x)


class Twice(Layer):
    def __init__(self) -> None:
        self.inner = Slow()
        self.scale = nnx.Parameter(np.ones(3, np.float32))

    def forward(self, x: Any) -> Any:
        work(FORWARD)
        return self.inner(self.inner(x)) * self.scale


def total(model: Any, x: Any) -> Any:
    return nnx.array_namespace(x).sum(model(x))


def rows(report: Any) -> dict[str, Any]:
    return {row.layer: row for row in report.layers}


def primitives(report: Any) -> dict[str, Any]:
    return {row.primitive: row for row in report.primitives}


def seconds(x: float) -> Any:
    return pytest.approx(x, abs=1e-9)


def test_times_go_to_the_layer_that_took_or_recorded_them() -> None:
    model, x = nnx.Sequential(Slow(), Twice()), np.ones((2, 3), np.float32)
    with nnx.profile() as report:
        nnx.grad(total, argnums=(0, 1))(model, x)
    found = rows(report)
    assert list(found) == [
        "Sequential",
        "Sequential.0",
        "Sequential.1",
        "Sequential.1.inner",
        "(outside layers)",
    ]
    assert [found[k].calls for k in found] == [1, 1, 1, 2, 0]
    assert found["Sequential.1.inner"].kind == "Slow"
    inner, twice, whole = (found[k] for k in ("Sequential.1.inner", "Sequential.1", "Sequential"))
    assert inner.forward == inner.forward_self == seconds(2 * FORWARD)
    assert inner.backward == inner.backward_self == seconds(2 * BACKWARD)
    assert twice.forward_self == seconds(FORWARD)
    assert twice.backward_self == 0
    assert twice.forward == pytest.approx(twice.forward_self + inner.forward)
    assert twice.backward == pytest.approx(twice.backward_self + inner.backward)
    parts = [found["Sequential.0"], twice]
    assert whole.forward == pytest.approx(whole.forward_self + sum(p.forward for p in parts))
    assert whole.backward == pytest.approx(whole.backward_self + sum(p.backward for p in parts))
    own = sum(row.forward_self + row.backward_self for row in report.layers)
    assert own == seconds(report.seconds) == seconds(4 * FORWARD + 3 * BACKWARD)
    row = primitives(report)["slow_of_profile"]
    assert (row.calls, row.backward_calls, row.bytes) == (3, 3, 6 * x.nbytes)
    assert (row.forward, row.backward) == (seconds(3 * FORWARD), seconds(3 * BACKWARD))
    assert report.primitives[0].primitive == "slow_of_profile"
    shares = sum(r.forward + r.backward for r in report.primitives)
    assert shares == pytest.approx(own)  # both tables have the whole


def test_bytes_are_those_of_results() -> None:
    x = np.ones((10, 10))
    with nnx.profile() as report:
        nnx.grad(lambda x: nnx.array_namespace(x).sum(x * x))(x)
    found = primitives(report)
    assert found["multiply"].bytes == 3 * x.nbytes  # the product, and twice on the way back
    assert found["sum"].bytes == 8 + x.nbytes
    assert report.layers[-1].bytes == sum(row.bytes for row in report.primitives)


def test_a_result_that_is_handed_on_counts_once() -> None:
    x = np.ones(5)
    with nnx.profile() as report:
        nnx.grad(lambda x: np.sum(passing(x)))(x)
    found = primitives(report)
    assert found["passing_of_profile"].bytes == x.nbytes
    assert found["slow_of_profile"].bytes == x.nbytes
    assert (found["slow_of_profile"].calls, found["slow_of_profile"].backward_calls) == (0, 1)
    assert found["passing_of_profile"].backward == 0
    assert found["slow_of_profile"].backward == seconds(FORWARD)


def test_what_gives_no_array_is_its_callers_time() -> None:
    class Asks(Layer):
        def forward(self, x: Any) -> Any:
            nothing(x)
            return x

    with nnx.profile() as report:
        Asks()(np.ones(2))
    assert rows(report)["Asks"].forward_self == seconds(FORWARD)
    assert list(primitives(report)) == ["(layers' own code)"]


def test_functions_are_seen_on_plain_arrays_too(lib: Any) -> None:
    x = lib.asarray(np.ones((2, 2)))
    with nnx.profile() as report:
        xp = nnx.array_namespace(x)
        assert xp.isdtype(x.dtype, "real floating")
        xp.linalg.matrix_norm(xp.exp(x))
    assert set(primitives(report)) == {"exp", "linalg.matrix_norm"}


def test_masked_zeros_stay_zero() -> None:
    with nnx.profile(), np.errstate(all="ignore"):
        g = nnx.grad(lambda x: np.sum(np.where(x > 0, np.sqrt(x), 0 * x)))(np.asarray([0.0, 4.0]))
    np.testing.assert_array_equal(g, [0.0, 0.25])


def everything(lib: Any) -> Any:
    """Values and derivatives through all kinds of entries of the tape."""
    x = lib.asarray(np.linspace(-1.0, 2.0, 12).reshape(3, 4))

    def f(x: Any) -> Any:
        xp = nnx.array_namespace(x)
        y = xp.where(x > 0, xp.log(xp.abs(x)), x) + x[1, :] * 3.0 - 2.0 / (x.mT @ x)[0, :]
        z = xp.concat([y, x]) + xp.max(y, axis=0)
        z[0, :] = xp.tanh(x[2, :]) ** 2
        z += nnx.checkpoint(lambda x: xp.exp(-x) * xp.linalg.vector_norm(x))(z)
        q, r = xp.linalg.qr(x @ x.T + 3.0 * xp.eye(3, dtype=x.dtype, device=x.device))
        return xp.sum(z) + xp.sum(q * r) + xp.sum(nnx.functional.softmax(z, axis=1) ** 2)

    slope = nnx.grad(lambda x: nnx.array_namespace(x).sum(nnx.grad(f)(x) ** 2))
    return [f(x), nnx.grad(f)(x), slope(x)]


def test_results_are_the_same_to_the_bit(lib: Any) -> None:
    expected = [lib.to_numpy(x) for x in everything(lib)]
    with nnx.profile() as report:
        found = everything(lib)
    for x, wanted in zip(found, expected, strict=True):
        lib.assert_equal(x, wanted)
    names = primitives(report)
    assert {"log", "matmul", "getitem", "setitem", "linalg.qr", "softmax", "checkpoint", "where"} <= set(
        names
    )
    assert "other" not in names
    for name in ("tanh", "linalg.qr", "concat", "getitem", "setitem", "multiply", "checkpoint"):
        assert names[name].backward_calls > 0, name
    for x, wanted in zip(everything(lib), expected, strict=True):
        lib.assert_equal(x, wanted)


ENTRIES = (Layer, Primitive, Optimizer, TracedArray, Tape, Call, Library, _Part)


def state() -> Any:
    found = [dict(vars(entry)) for entry in ENTRIES]
    for library in libraries._by_backend.values():
        found.append({"xp": library.xp, **vars(library.traced)})
    return found


@pytest.mark.parametrize("fails", [False, True])
def test_everything_is_put_back(fails: bool) -> None:
    x = np.ones(3)
    nnx.grad(lambda x: np.sum(np.exp(x)))(x)  # so that there is a library
    library = libraries.library_of(x)
    assert library is not None
    vars(library.namespace).pop("log2", None)
    before = state()
    try:
        with nnx.profile() as report:
            assert Layer.__call__ is not before[0]["__call__"]
            namespace = nnx.grad(lambda x: (nnx.array_namespace(x).sum(np.exp(np.log2(np.cosh(x)))), 1)[0])(x)
            assert namespace is not None
            if fails:
                raise KeyError
    except KeyError:
        assert fails
    assert {"exp", "log2", "cosh"} <= set(primitives(report))
    exp = numpy_ufuncs._elementwise(library, "exp", np.exp)
    assert exp is library.namespace.exp
    for a, b in zip(before, state(), strict=True):
        assert a.keys() == b.keys()
        assert all(a[key] is b[key] for key in a)
    for library in libraries._by_backend.values():
        parts = [p for p in vars(library.namespace).values() if isinstance(p, _Part)]
        for part in (library.namespace, *parts):
            measuring = [n for n, f in vars(part).items() if "_measuring" in getattr(f, "__qualname__", "")]
            codes = [
                n
                for n, f in vars(part).items()
                if "profiling" in getattr(getattr(f, "__code__", None), "co_filename", "")
            ]
            assert not measuring
            assert not codes


def test_what_was_recorded_inside_may_be_pulled_back_afterwards() -> None:
    x = np.asarray([1.0, 2.0])
    with nnx.profile() as report:
        _, pull = nnx.vjp(lambda x: x * x, x)
    events = len(report._recorder.events)
    np.testing.assert_array_equal(pull(np.ones(2))[0], 2 * x)
    assert len(report._recorder.events) == events
    _, pull = nnx.vjp(lambda x: x * x, x)
    with nnx.profile() as report:
        np.testing.assert_array_equal(pull(np.ones(2))[0], 2 * x)
    assert primitives(report)["accumulate"].backward_calls == 1


def test_a_trace_is_written(tmp_path: Any) -> None:
    model, x = nnx.Sequential(Slow()), np.ones((2, 3))
    with nnx.profile() as report:
        nnx.grad(lambda x: total(model, x))(x)
    report.save(tmp_path / "trace.json")
    events = json.loads((tmp_path / "trace.json").read_text())["traceEvents"]
    assert all(e["ph"] == "X" and e["ts"] >= 0 and e["dur"] >= 0 for e in events)
    named = {(e["name"], e["cat"]): e for e in events}
    layer, forward = named["Sequential.0", "forward"], named["slow_of_profile", "forward"]
    back = named["slow_of_profile", "backward"]
    assert (layer["ts"], layer["dur"]) == (forward["ts"], forward["dur"]) == (0.0, FORWARD * 1e6)
    assert (back["ts"], back["dur"]) == (FORWARD * 1e6, BACKWARD * 1e6)
    assert back["args"] == {"kind": "pullback", "layer": "Sequential.0", "bytes": x.nbytes}


def test_layers_are_told_apart() -> None:
    shared = nnx.Linear(3, 3)
    first, second = nnx.Sequential(shared, shared), nnx.Sequential(nnx.Linear(3, 3))
    x = np.ones((1, 3), np.float32)
    with nnx.profile() as report:
        second(first(x))
        shared(x)
    found = rows(report)
    assert list(found) == ["Sequential", "Sequential.0", "Sequential#2", "Sequential#2.0", "(outside layers)"]
    assert found["Sequential.0"].calls == 3
    with nnx.profile(first, second) as report:
        second(x)
    assert list(rows(report)) == ["Sequential#2", "Sequential#2.0", "(outside layers)"]


def test_a_checkpointed_layer_keeps_its_name() -> None:
    model, x = nnx.Sequential(nnx.Linear(3, 3), Slow()), np.ones((1, 3), np.float32)

    def loss(model: Any, x: Any) -> Any:
        return nnx.array_namespace(x).sum(
            nnx.checkpoint(lambda x: model.layers()["1"](model.layers()["0"](x)))(x)
        )

    with nnx.profile(model) as report:
        nnx.grad(loss)(model, x)
    found = rows(report)
    assert list(found) == ["Sequential", "Sequential.0", "Sequential.1", "(outside layers)"]
    assert found["Sequential.1"].calls == 2
    assert found["Sequential.1"].forward == seconds(FORWARD)
    assert found["Sequential.1"].backward == seconds(FORWARD + BACKWARD)  # run again, and pulled back


def test_a_layer_inside_itself_is_counted_once() -> None:
    class Again(Layer):
        def forward(self, x: Any, depth: int = 2) -> Any:
            work(FORWARD)
            return self(x, depth - 1) if depth else slow(x)

    with nnx.profile() as report:
        Again()(np.ones(2))
    row = rows(report)["Again"]
    assert row.calls == 3
    assert row.forward == seconds(4 * FORWARD)


def test_updates_have_a_row() -> None:
    model, x = nnx.Linear(3, 1), np.ones((2, 3), np.float32)
    optimizer = nnx.optim.Adam(model)
    with nnx.profile() as report:
        optimizer.update(nnx.grad(total)(model, x))
    assert [row.layer for row in report.layers] == ["Linear", "Adam.update", "(outside layers)"]
    assert rows(report)["Adam.update"].calls == 1


def test_threads_are_measured_together(tmp_path: Any) -> None:
    x, both = np.ones(3), threading.Barrier(2)

    def call() -> None:
        both.wait(10)
        Slow()(x)
        both.wait(10)

    with nnx.profile() as report:
        threads = [threading.Thread(target=call) for _ in range(2)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert primitives(report)["slow_of_profile"].calls == 2
    report.save(tmp_path / "trace.json")
    events = json.loads((tmp_path / "trace.json").read_text())["traceEvents"]
    assert len({e["tid"] for e in events}) == 2


def test_a_failing_call_is_measured() -> None:
    model = nnx.Sequential(Slow(), nnx.Linear(4, 1))
    with nnx.profile() as report, pytest.raises(ValueError, match='Linear "1"'):
        model(np.ones((2, 3), np.float32))
    assert rows(report)["Sequential.1"].calls == 1


def test_it_prints_two_tables() -> None:
    with nnx.profile() as report:
        nnx.Sequential(Slow())(np.ones((2, 3)))
    text = str(report)
    assert text == repr(report)
    first, second = text.split("\n\n")
    assert "Sequential.0 Slow" in first
    assert "(not measured)" in first
    assert "slow_of_profile" in second


def test_it_refuses() -> None:
    with pytest.raises(TypeError, match="profile: expected layers, got str"):
        nnx.profile("model")  # type: ignore[arg-type]
    with nnx.profile(), pytest.raises(RuntimeError, match="a profile is running already"), nnx.profile():
        pass
    with nnx.profile():
        pass


def test_nothing_of_it_is_loaded_before_it_is_used() -> None:
    code = "import sys, nnx, nnx.layers, nnx.optim; assert 'nnx.profiling' not in sys.modules; nnx.profile"
    subprocess.run([sys.executable, "-c", code], check=True)


def test_a_compiled_function_is_run_as_it_is() -> None:
    layer = Slow()
    step = nnx.compile(lambda x: layer(x))
    for _ in range(3):
        step(np.ones(3))
    with nnx.profile() as report:
        np.testing.assert_array_equal(step(np.ones(3)), 2 * np.ones(3))
    assert [row.calls for row in report.layers if row.kind == "Slow"] == [1]
