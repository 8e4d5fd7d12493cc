"""Einstein summation against PyTorch. One row each; the contraction itself is tested in tests/autodiff."""

from typing import Any

import numpy as np
import pytest

import nnx.functional as F

rng = np.random.default_rng(3)
SQUARE, OTHER, VECTOR = rng.standard_normal((3, 3)), rng.standard_normal((3, 4)), rng.standard_normal(3)
BATCH, MORE = rng.standard_normal((2, 3, 4)), rng.standard_normal((2, 4, 3))

ROWS: list[tuple[Any, ...]] = [
    ("ii", SQUARE),
    ("ii->i", SQUARE),
    ("ij->ji", OTHER),
    ("ba", OTHER),
    ("ij,jk", SQUARE, OTHER),
    ("ij, jk -> ik", SQUARE, OTHER),
    ("i,j->ij", VECTOR, OTHER[0]),
    ("i,i", VECTOR, VECTOR),
    ("bij,bjk->bik", BATCH, MORE),
    ("...ij,...jk", BATCH, MORE),
    ("...ij,jk->...ik", BATCH, OTHER.T),
    ("...ij->ij", BATCH),
    ("...i->...", BATCH),
    ("i...->...i", BATCH),
    ("bn,anm,bm->ba", OTHER[:, :3], rng.standard_normal((5, 3, 4)), OTHER),
    ("Ab,bA", OTHER, OTHER.T),
    ("bA", OTHER),
    ("ij,ij->ij", OTHER, OTHER[:1]),
    ("ij,ij->i", OTHER, OTHER[:, :1]),
    ("iij,j->i", rng.standard_normal((3, 3, 4)), OTHER[0]),
    (",i->i", np.asarray(2.0), VECTOR),
    ("ij,jk->ik", SQUARE[:0], OTHER),
    ("ij,jk->ik", SQUARE[:, :0], OTHER[:0]),
]


@pytest.mark.parametrize("row", ROWS, ids=lambda row: f"{row[0]}-{row[1].shape}")
def test_einsum_is_that_of_torch(row: tuple[Any, ...], agrees_with_torch: Any) -> None:
    torch = pytest.importorskip("torch", reason="PyTorch, the oracle, is not installed")
    equation, *arrays = row
    agrees_with_torch(lambda *xs: F.einsum(equation, *xs), lambda *xs: torch.einsum(equation, *xs), arrays)


LISTS: list[Any] = [
    ([0, 1], [1, 2], [0, 2]),
    ([0, 1], [1, 2]),
    ([5, 30], [30, 2]),
    ([..., 1], [1, 2], [..., 2]),
]


@pytest.mark.parametrize("lists", LISTS, ids=str)
def test_lists_of_numbers_name_axes_too(lists: Any, agrees_with_torch: Any) -> None:
    torch = pytest.importorskip("torch", reason="PyTorch, the oracle, is not installed")

    def arguments(x: Any, y: Any) -> Any:
        return [x, lists[0], y, lists[1], *lists[2:]]

    agrees_with_torch(
        lambda x, y: F.einsum(*arguments(x, y)), lambda x, y: torch.einsum(*arguments(x, y)), [SQUARE, OTHER]
    )


def test_arrays_may_come_in_a_list(lib: Any) -> None:
    x = lib.asarray(SQUARE)
    lib.assert_close(F.einsum("ij,jk", [x, x]), SQUARE @ SQUARE, rtol=1e-13)


@pytest.mark.parametrize(
    ("call", "kind", "message"),
    [
        (lambda a: F.einsum("ij,jk", a(SQUARE)), ValueError, "einsum: .* names 2 operands, got 1"),
        (lambda a: F.einsum("ijk", a(SQUARE)), ValueError, "does not name the axes of an array of 2 axes"),
        (lambda a: F.einsum("ij->ik", a(SQUARE)), ValueError, "has an unknown one"),
        (lambda a: F.einsum("ij->ii", a(SQUARE)), ValueError, "repeats a letter"),
        (lambda a: F.einsum("ij,ij", a(SQUARE), a(OTHER)), ValueError, "'j' .* lengths 3 and 4"),
        (lambda a: F.einsum("ii", a(OTHER)), ValueError, "'i' .* lengths 3 and 4"),
        (lambda a: F.einsum("ij,ij", a(SQUARE), a(SQUARE.astype("f4"))), TypeError, "expected one dtype"),
        (lambda a: F.einsum("ij"), ValueError, "at least one array"),
        (lambda a: F.einsum(a(SQUARE), [0, 52]), ValueError, "numbers from 0 to 51, got"),
        (lambda a: F.einsum(a(SQUARE), 3), ValueError, "expected an equation, or lists"),
    ],
)
def test_bad_input_is_refused(call: Any, kind: type[Exception], message: str, lib: Any) -> None:
    with pytest.raises(kind, match=message):
        call(lib.asarray)
