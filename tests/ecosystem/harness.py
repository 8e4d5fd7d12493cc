"""Differentiate every row of `cases` and compare with finite differences of the library on plain arrays.

    python -m tests.ecosystem.harness --library numpy strict device1 [-k part-of-a-name] [--json FILE] [-v]

Each row ends as one of
  right        the value agrees with the plain call, and the gradient of a random linear functional of the
               floating results agrees with central differences to their own accuracy
  refused      an error says by name what cannot be differentiated
  unsupported  the library itself does not take these arrays, traced or not
  flat         the true gradient is zero (a row that proves nothing)
  wrong        an answer that differs: the one thing that must never happen
  failed       an error of the library's own that nnx did not annotate
"""

from __future__ import annotations

import os

os.environ["SCIPY_ARRAY_API"] = "1"  # read when SciPy is first imported
os.environ["OMP_NUM_THREADS"] = os.environ["OPENBLAS_NUM_THREADS"] = "1"  # the arrays are tiny

import argparse
import json
import sys
import time
import traceback
import warnings
import zlib
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from itertools import pairwise
from types import ModuleType
from typing import Any

import array_api_compat
import numpy as np
import sklearn

from .cases import CASES, Case, Fixed

Array = Any


@dataclass(frozen=True)
class Outcome:
    """What became of one row."""

    name: str
    status: str
    detail: str = ""
    seconds: float = 0.0


def namespace(library: str) -> tuple[ModuleType, Any]:
    """The namespace and device that a library's name stands for."""
    if library == "numpy":
        import array_api_compat.numpy as xp

        return xp, None
    import array_api_strict as strict

    return strict, strict.Device("device1" if library == "device1" else "CPU_DEVICE")


def arrays(values: Sequence[np.ndarray], library: str) -> list[Array]:
    """NumPy arrays as arrays of a library; always copies."""
    xp, device = namespace(library)
    return [xp.asarray(v.copy(), device=device) for v in values]


def differentiated(case: Case) -> tuple[int, ...]:
    """Positions of the arguments that are differentiated."""
    return tuple(i for i, a in enumerate(case.arguments) if not isinstance(a, Fixed) and a.dtype.kind == "f")


def flatten(result: Any) -> list[Any]:
    """The arrays and numbers of a result, in order."""
    if isinstance(result, (tuple, list)):
        return [leaf for part in result for leaf in flatten(part)]
    return [] if result is None else [result]


def weights(name: str, index: int, shape: Sequence[int]) -> np.ndarray:
    """The fixed random weights of one result."""
    seed = zlib.crc32(f"{name}/{index}".encode())
    return np.random.default_rng(seed).uniform(0.5, 1.5, tuple(shape))


def host(x: Any) -> np.ndarray:
    """A plain array of any library, or a number, as a NumPy array."""
    return np.from_dlpack(x) if hasattr(x, "__dlpack__") and not isinstance(x, np.generic) else np.asarray(x)


def plain_total(case: Case, values: Sequence[np.ndarray], library: str) -> tuple[float, list[np.ndarray]]:
    """The functional and the results of a row on plain arrays."""
    xp, _ = namespace(library)
    leaves = [host(leaf) for leaf in flatten(case.function(xp, *arrays(values, library)))]
    total = 0.0
    for index, leaf in enumerate(leaves):
        if leaf.dtype.kind in "fc":
            w = weights(case.name, index, leaf.shape)
            total += float((w * leaf.real).sum())
            if leaf.dtype.kind == "c":
                total += float((w[..., ::-1] * leaf.imag).sum() if leaf.ndim else w * leaf.imag)
    return total, leaves


def traced_total(case: Case, leaves: Sequence[Array]) -> Array:
    """The same functional of traced results."""
    total: Any = 0.0
    for index, leaf in enumerate(leaves):
        if isinstance(leaf, (float, int, np.generic)):
            continue
        xp = array_api_compat.array_namespace(leaf)
        if not xp.isdtype(leaf.dtype, ("real floating", "complex floating")):
            continue
        values = weights(case.name, index, leaf.shape)
        w = xp.asarray(values, device=leaf.device)
        is_complex = xp.isdtype(leaf.dtype, "complex floating")
        total = total + xp.sum(w * (xp.real(leaf) if is_complex else leaf))
        if is_complex:
            flipped = xp.asarray(values[..., ::-1].copy() if leaf.ndim else values, device=leaf.device)
            total = total + xp.sum(flipped * xp.imag(leaf))
    return total


_differences: dict[tuple[str, str, int], tuple[np.ndarray, np.ndarray]] = {}


def reference(
    case: Case, values: list[np.ndarray], argument: int, library: str
) -> tuple[np.ndarray, np.ndarray]:
    """The differences, computed once."""
    key = case.name, library, argument
    if key not in _differences:
        _differences[key] = differences(case, values, argument, library)
    return _differences[key]


def directions(x: np.ndarray) -> np.ndarray:
    """The directions in which a gradient is looked at: all axes of a small array, else three random ones."""
    scale = np.maximum(1e-2, np.abs(x))
    if x.size <= 4:
        return np.eye(x.size).reshape(x.size, *x.shape) * scale
    return np.random.default_rng(x.size).standard_normal((3, *x.shape)) * scale


def differences(
    case: Case, values: list[np.ndarray], argument: int, library: str
) -> tuple[np.ndarray, np.ndarray]:
    """Slopes of the functional by central differences with Richardson's step, and their error."""
    results: list[float] = []
    errors: list[float] = []
    for direction in directions(values[argument]):
        slopes: list[float] = []
        for step in (4e-4, 2e-4, 1e-4):
            ends: list[float] = []
            for sign in (1, -1):
                moved = list(values)
                moved[argument] = values[argument] + sign * step * direction
                ends.append(plain_total(case, moved, library)[0])
            slopes.append((ends[0] - ends[1]) / (2 * step))
        coarse, fine = ((4 * b - a) / 3 for a, b in pairwise(slopes))
        results.append(fine)
        errors.append(abs(coarse - fine))
    return np.asarray(results), np.asarray(errors)


def reason(error: BaseException) -> str | None:
    """Why nnx refused, where it was nnx that did: its own errors, its notes on others', a name it does not have."""
    import nnx

    own = (
        nnx.DerivativeLostError,
        nnx.LeakedArrayError,
        nnx.MixedLibrariesError,
        nnx.NotDifferentiableError,
    )
    seen: BaseException | None = error
    while seen is not None:
        notes = [note for note in getattr(seen, "__notes__", []) if "nnx" in note]
        missing = isinstance(seen, AttributeError) and "traced array" in str(seen)
        if isinstance(seen, own) or notes or missing:
            return "\n".join([str(seen), *notes])
        seen = seen.__cause__ or seen.__context__
    return None


def run(case: Case, library: str, verbose: bool = False) -> Outcome:
    """Try one row."""
    start = time.perf_counter()

    def outcome(status: str, detail: str = "") -> Outcome:
        return Outcome(case.name, status, detail, time.perf_counter() - start)

    import nnx

    values = [np.array(a.value if isinstance(a, Fixed) else a) for a in case.arguments]
    try:
        expected = {"numpy": plain_total(case, values, "numpy")[1]}
    except Exception:
        return outcome("invalid", traceback.format_exc())
    # SciPy has some functions twice: compiled for NumPy, and for all standard arrays, traced ones included. The
    # two may differ in the order of roots or in rounding; then what strict arrays take is the reference.
    unsupported = ""
    try:
        expected["strict"] = plain_total(case, values, "strict")[1]
        if library == "device1":
            xp, device = namespace(library)
            leaves = flatten(case.function(xp, *arrays(values, library)))
            if any(getattr(leaf, "device", device) != device for leaf in leaves):
                unsupported = "the results are on several devices"
    except Exception as error:
        unsupported = "" if library == "numpy" else f"{type(error).__name__}: {error}"

    def objective(*traced: Array) -> tuple[Array, list[Array]]:
        leaves = flatten(case.function(array_api_compat.array_namespace(*traced), *traced))
        return traced_total(case, leaves), leaves

    inputs, positions = arrays(values, library), differentiated(case)
    try:
        (_, got), gradients = nnx.value_and_grad(objective, argnums=positions, has_aux=True)(*inputs)
        got = [host(leaf) for leaf in got]
        gradients = [host(g) for g in gradients]
    except Exception as error:
        why = reason(error)
        if why is not None:
            return outcome("refused", traceback.format_exc() if verbose else why)
        if unsupported:
            return outcome("unsupported", unsupported)
        return outcome("failed", traceback.format_exc())
    for before, after in zip(values, inputs, strict=True):
        if not np.array_equal(before, host(after)):
            return outcome("wrong", "the caller's array was changed")
    same = next((name for name, leaves in expected.items() if agree(leaves, got)), None)
    if same is None:
        return outcome("wrong", f"value: expected {expected}, got {got}")
    flat = True
    for position, gradient in zip(positions, gradients, strict=True):
        x = values[position]
        if gradient.shape != x.shape:
            return outcome("wrong", f"argument {position}: gradient of shape {gradient.shape}, not {x.shape}")
        slopes, error = reference(case, values, position, same)
        found = np.asarray([np.sum(gradient * direction) for direction in directions(x)])
        scale = float(np.abs(slopes).max(initial=0.0))
        flat = flat and scale < 1e-10
        if not np.all(np.abs(found - slopes) <= 1e-5 * scale + 20 * error + 1e-10):
            detail = f"slopes by differences {slopes} +- {error}, got {found}; gradient\n{gradient}"
            return outcome("wrong", f"argument {position}: {detail}")
    return outcome("flat" if flat else "right")


def agree(expected: Sequence[np.ndarray], got: Sequence[np.ndarray]) -> bool:
    """Whether results are the same up to rounding."""
    return len(expected) == len(got) and all(
        a.shape == b.shape and np.allclose(a, b, rtol=1e-9, atol=1e-11, equal_nan=True)
        for a, b in zip(expected, got, strict=True)
    )


def run_all(
    library: str, part: str = "", report: Callable[[Outcome], None] | None = None, **options: Any
) -> list[Outcome]:
    """Try every row whose name holds `part`."""
    outcomes: list[Outcome] = []
    with (
        warnings.catch_warnings(),
        np.errstate(all="ignore"),
        sklearn.config_context(array_api_dispatch=True),
    ):
        warnings.simplefilter("ignore")
        for case in CASES:
            if part in case.name:
                outcomes.append(run(case, library, **options))
                if report:
                    report(outcomes[-1])
    return outcomes


def show(library: str, outcomes: Sequence[Outcome]) -> None:
    """Print the names by status, and the counts."""
    for status in ("right", "refused", "unsupported", "flat", "invalid", "failed", "wrong"):
        names = [o.name for o in outcomes if o.status == status]
        if names:
            print(f"{status} ({len(names)}): {', '.join(names)}")
    counts = Counter(o.status for o in outcomes)
    functions = {o.name.partition("(")[0] for o in outcomes if o.status == "right"}
    seconds = sum(o.seconds for o in outcomes)
    rows = f"{dict(counts)} of {len(outcomes)} rows"
    print(f"{library}: {rows}; {len(functions)} functions right; {seconds:.0f} s\n")


def main() -> None:
    """Run from the command line."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("--library", choices=("numpy", "strict", "device1"), nargs="+", default=["numpy"])
    parser.add_argument("-k", default="", metavar="PART", help="only rows whose name holds this")
    parser.add_argument("--json", metavar="FILE", help="write the outcomes there")
    parser.add_argument("-v", action="store_true", help="show details of every row")
    options = parser.parse_args()

    def report(o: Outcome) -> None:
        if options.v or o.status in ("wrong", "failed", "invalid"):
            print(f"=== {o.name}: {o.status} ({o.seconds:.2f} s)\n{o.detail}", flush=True)

    outcomes = {name: run_all(name, options.k, report, verbose=options.v) for name in options.library}
    for name, results in outcomes.items():
        show(name, results)
    if options.json:
        with open(options.json, "w", encoding="utf-8") as file:
            json.dump(
                {name: [asdict(o) for o in results] for name, results in outcomes.items()}, file, indent=1
            )
    sys.exit(any(o.status == "wrong" for results in outcomes.values() for o in results))


if __name__ == "__main__":
    main()
