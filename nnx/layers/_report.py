"""Layers as text: ``repr`` as PyTorch prints, and the summary table."""

from __future__ import annotations

from contextvars import ContextVar
from typing import TYPE_CHECKING, Any

from ..autodiff.cells import Frame, overrides
from ..backend import backend_of
from ..backend.selector import backend
from ..functional._errors import complaint
from ._tree import children, tree_of

if TYPE_CHECKING:
    from ._layer import Layer

__all__ = ["Summary", "representation", "summarize"]

Shapes = dict[int, str]
_recording: ContextVar[Shapes | None] = ContextVar("nnx_summary", default=None)


class Summary(str):
    """Text that shows as itself at the prompt, too."""

    __slots__ = ()

    def __repr__(self) -> str:
        return str(self)


def representation(layer: Layer) -> str:
    """As PyTorch: the type, what it says of itself, and one indented line for each layer below."""
    name, extra = type(layer).__name__, layer.extra_repr()
    below = [(label, repr(child)) for label, child in children(layer)]
    if not below:
        return f"{name}({extra})"
    lines = [extra] if extra else []
    lines += [f"({label}): " + text.replace("\n", "\n  ") for label, text in below]
    return f"{name}(\n  " + "\n  ".join(lines) + "\n)"


def summarize(layer: Layer, input_shapes: tuple[Any, ...], dtype: Any) -> Summary:
    """The table that ``Layer.summary`` returns."""
    shapes = _output_shapes(layer, input_shapes, dtype)
    rows = [("layer", "output shape", "parameters")]
    counted: set[int] = set()
    rows += _rows(layer, type(layer).__name__, "", "", shapes, counted)
    cells = tree_of(layer).cells.values()
    total = sum(_size(cell.value) for cell in cells if not cell.buffer)
    trainable = sum(_size(cell.value) for cell in cells if cell.trainable)
    size = sum(_size(cell.value) * _bytes(cell.value) for cell in cells)
    return Summary("\n".join([*_table(rows), _footer(total, trainable, size)]))


def _rows(
    layer: Layer, label: str, first: str, rest: str, shapes: Shapes, counted: set[int]
) -> list[tuple[str, str, str]]:
    """This layer's row and those below it, drawn as a tree."""
    below = list(children(layer))
    own = [cell for cell in layer._nnx_cells.values() if not cell.buffer]
    fresh = [cell for cell in own if id(cell) not in counted]
    counted.update(map(id, own))
    count = f"{sum(_size(cell.value) for cell in fresh):,}" if own or not below else ""
    if own and len(fresh) < len(own):
        count += " (tied)"
    elif own and not any(cell.trainable for cell in own):
        count += " (frozen)"
    text = label if below else label + (f"({extra})" if (extra := layer.extra_repr()) else "")
    rows = [(first + text, shapes.get(id(layer), "not called"), count)]
    for i, (name, child) in enumerate(below):
        last = i == len(below) - 1
        rows += _rows(
            child, f"{name}: {type(child).__name__}", rest + ("└─ " if last else "├─ "),
            rest + ("   " if last else "│  "), shapes, counted,
        )  # fmt: skip
    return rows


def _table(rows: list[tuple[str, str, str]]) -> list[str]:
    widths = [max(len(row[i]) for row in rows) for i in range(3)]
    lines = [f"{a:<{widths[0]}}  {b:<{widths[1]}}  {c:>{widths[2]}}".rstrip() for a, b, c in rows]
    rule = "─" * (sum(widths) + 4)
    return [lines[0], rule, *lines[1:], rule]


def _footer(total: int, trainable: int, size: int) -> str:
    unit, scale = next(
        (u, s) for u, s in (("GB", 1e9), ("MB", 1e6), ("kB", 1e3), ("bytes", 1)) if size >= s or s == 1
    )
    text = f"{total:,} parameters, {size / scale:,.{0 if scale == 1 else 1}f} {unit}"
    return text if trainable == total else f"{text}; {trainable:,} trainable, {total - trainable:,} frozen"


def _output_shapes(layer: Layer, input_shapes: tuple[Any, ...], dtype: Any) -> Shapes:
    """What each layer gives for zeros of the input shapes; the layer is unchanged afterwards."""
    if input_shapes and all(isinstance(n, int) for n in input_shapes):
        input_shapes = (input_shapes,)
    if not input_shapes:
        raise complaint(
            type(layer).__name__, "summary needs the shape of the input, such as (32, 64)", TypeError
        )
    cells = [
        cell for cell in tree_of(layer).cells.values() if backend_of(cell.value).is_inexact(cell.value.dtype)
    ]
    cell = cells[0] if cells else None
    place = backend() if cell is None else backend_of(cell.value)
    device = place.device if cell is None else cell.value.device
    if dtype is None:
        dtype = place.xp.float32 if cell is None else cell.value.dtype
    elif isinstance(dtype, str):
        dtype = getattr(place.xp, dtype)
    inputs = [place.xp.zeros(tuple(shape), dtype=dtype, device=device) for shape in input_shapes]
    before = [(other, other.training, vars(other).get("forward")) for other in tree_of(layer).layers.values()]
    found: Shapes = {}
    token, frame = (
        _recording.set(found),
        overrides.set(Frame(overrides.get() or {})),
    )  # buffers stay as they are
    try:
        _hook(layer)
        layer.eval()
        layer(*inputs)
    finally:
        _recording.reset(token)
        overrides.reset(frame)
        for other, training, forward in before:
            other.training = training
            if forward is None:
                vars(other).pop("forward", None)
            else:
                vars(other)["forward"] = forward
    return found


def _hook(root: Layer) -> None:
    """Let every layer note the shape of what it gives, in this thread and task only."""
    for layer in tree_of(root).layers.values():
        forward = layer.forward

        def noting(*args: Any, _layer: Layer = layer, _forward: Any = forward, **kwargs: Any) -> Any:
            out = _forward(*args, **kwargs)
            shapes = _recording.get()
            if shapes is not None:
                shapes[id(_layer)] = _shape(out)
            return out

        layer.__dict__["forward"] = noting


def _shape(out: Any) -> str:
    if hasattr(out, "shape"):
        return str(tuple(out.shape))
    if isinstance(out, (tuple, list)):
        return ", ".join(map(_shape, out))
    if isinstance(out, dict):
        return ", ".join(f"{key}: {_shape(value)}" for key, value in out.items())
    return type(out).__name__


def _size(x: Any) -> int:
    size = 1
    for n in x.shape:
        size *= n
    return size


def _bytes(x: Any) -> int:
    xp, dtype = backend_of(x).xp, x.dtype
    if xp.isdtype(dtype, "bool"):
        return 1
    if xp.isdtype(dtype, "integral"):
        return xp.iinfo(dtype).bits // 8
    return xp.finfo(dtype).bits // (4 if xp.isdtype(dtype, "complex floating") else 8)
