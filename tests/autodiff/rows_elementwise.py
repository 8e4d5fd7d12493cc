"""Sample calls of the standard's elementwise functions."""

from __future__ import annotations

from .standard import Row, far, normal, positive, unit, values

__all__ = ["ROWS"]

_UNARY = {
    "abs": far, "acos": unit, "acosh": positive, "asin": unit, "asinh": normal, "atan": unit, "atanh": unit,
    "conj": normal, "cos": normal, "cosh": normal, "exp": normal, "expm1": normal, "log": positive,
    "log10": positive, "log1p": positive, "log2": positive, "negative": normal, "positive": normal,
    "reciprocal": positive, "sign": far, "sin": normal, "sinh": normal, "sqrt": positive, "square": normal,
    "tan": unit, "tanh": normal,
}  # fmt: skip
_KINDS = {"acosh": "c", "imag": "c", "real": "c", "conj": "c"}
_BINARY = {
    "add": (normal, "fc"), "atan2": (normal, "f"), "copysign": (far, "f"), "divide": (positive, "fc"),
    "hypot": (normal, "f"), "logaddexp": (normal, "f"), "maximum": (far, "f"), "minimum": (far, "f"),
    "multiply": (normal, "fc"), "pow": (positive, "fc"), "subtract": (normal, "fc"),
}  # fmt: skip
SHAPES = [
    ((3,), (3,)),
    ((), ()),
    ((), (3,)),
    ((3,), ()),
    ((3, 1), (4,)),
    ((4,), (2, 3, 4)),
    ((2, 1, 4), (3, 1)),
    ((0, 3), (3,)),
    ((1,), (0,)),
]


def _rows() -> list[Row]:
    rows = [
        Row(name, (draw(*shape),), kinds=_KINDS.get(name, "fc"))
        for name, draw in _UNARY.items()
        for shape in ((3, 2), (), (0, 2))
    ]
    rows += [
        Row(name, (normal(*shape),), kinds="c") for name in ("imag", "real") for shape in ((3, 2), (), (0,))
    ]
    rows += [Row("acosh", (values(1.2, 3.0, 40.0),), kinds="f")]
    rows += [
        Row(name, (values(-2.5, 0.5, 1e-3, 30.0),), kinds="f") for name in ("asinh", "tanh", "atan", "expm1")
    ]
    rows += [
        Row(name, (draw(*x), draw(*y)), kinds=k) for name, (draw, k) in _BINARY.items() for x, y in SHAPES
    ]
    rows += [Row(name, (draw(3), 0.7), kinds=k) for name, (draw, k) in _BINARY.items()]
    rows += [Row(name, (0.7, draw(3)), kinds=k) for name, (draw, k) in _BINARY.items()]
    rows += [Row(name, (draw(3), 0.7 + 0.2j), kinds="c") for name, (draw, k) in _BINARY.items() if "c" in k]
    rows += [
        Row("remainder", (values(5.3, -2.9, 7.1), values(2.0, 3.1, -1.7)), kinds="f"),
        Row("remainder", (values([[5.3], [-2.9]]), values(2.0, 3.1, -1.7)), kinds="f"),
        Row("remainder", (values(5.3, -2.9), 1.7), kinds="f"),
        Row("remainder", (5.3, values(1.7, -2.1)), kinds="f"),
        Row("pow", (normal(3), 2), note="integer power of negative numbers"),
        Row("pow", (normal(3), 3)),
        Row("pow", (normal(3), 1)),
        Row("pow", (normal(3), 0)),
        Row("pow", (normal(3), -1)),
        Row("pow", (positive(3), 0.5)),
        Row("pow", (values(0.0, 0.0, 1.5), 3.0), note="at zero"),
        Row("pow", (values(0.0, 0.0, 1.5), 2), note="at zero"),
        Row("sqrt", (values(1e-3, 4.0),), kinds="f"),
        Row(
            "logaddexp", (values(800.0, -800.0, 3.0), values(799.0, -801.0, -900.0)), kinds="f", note="large"
        ),
        Row("abs", (values(-1.5, 2.0),), kinds="f"),
        Row("sign", (values(0.0 + 2j, -1.5 + 0j),), kinds="c"),
    ]
    x, lo, hi = values(-1.5, -0.3, 0.2, 1.4), values(-0.9, -0.5, -0.4, -1.0), values(1.1, 0.4, 0.6, 0.9)
    rows += [
        Row("clip", (x, -1.0, 1.0), kinds="f"),
        Row("clip", (x, lo), kinds="f"),
        Row("clip", (x, lo, hi), kinds="f"),
        Row("clip", (x, lo[:1], hi), kinds="f", note="bounds broadcast"),
        Row(
            "clip", (x[:, None], -0.5, hi), kinds="f", call=lambda xp, x, lo, hi: xp.clip(x, -0.5, xp.min(hi))
        ),
        Row("clip", (x, lo), kinds="f", call=lambda xp, x, lo: xp.clip(x, min=lo)),
        Row("clip", (x, hi), kinds="f", call=lambda xp, x, hi: xp.clip(x, max=hi)),
        Row("clip", (x, lo, hi), kinds="f", call=lambda xp, x, lo, hi: xp.clip(x, max=hi, min=lo)),
        Row("clip", (x,), {"max": 0.5}, kinds="f"),
        Row("clip", (x,), kinds="f", note="no bounds"),
        Row("clip", (x[:0], -1.0, 1.0), kinds="f"),
    ]
    return rows


ROWS = _rows()
