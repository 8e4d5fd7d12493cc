"""The function behind MultiheadAttention against PyTorch's: gradients by everything that it is given."""

from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy as np
import pytest

import nnx.functional as F


def draw(*shape: int, seed: int = 3) -> np.ndarray:
    return np.random.default_rng(seed + sum(shape)).standard_normal(shape)


SHAPES = {
    "in_proj_weight": (12, 4), "in_proj_bias": (12,), "out_proj_weight": (4, 4), "out_proj_bias": (4,),
    "q_proj_weight": (4, 4), "k_proj_weight": (4, 3), "v_proj_weight": (4, 5), "bias_k": (1, 1, 4),
    "bias_v": (1, 1, 4), "static_k": (4, 3, 2), "static_v": (4, 3, 2), "attn_mask": (4, 3, 3),
    "key_padding_mask": (2, 3),
}  # fmt: skip
PACKED = ("in_proj_weight", "in_proj_bias", "out_proj_weight", "out_proj_bias")
SEPARATE = ("q_proj_weight", "k_proj_weight", "v_proj_weight", "in_proj_bias", "out_proj_weight")


class Row(NamedTuple):
    given: tuple[str, ...]
    arguments: dict[str, Any] = {}
    sizes: tuple[int, int] = (4, 4)


ROWS = [
    Row(PACKED),
    Row(("in_proj_weight", "out_proj_weight"), {"need_weights": False}),
    Row((*PACKED, "bias_k", "bias_v"), {"add_zero_attn": True}),
    Row((*PACKED, "static_k", "static_v"), {"add_zero_attn": True}),
    Row((*PACKED, "attn_mask"), {"average_attn_weights": False}),
    Row((*PACKED, "key_padding_mask"), {"need_weights": False}),
    Row(SEPARATE, {"use_separate_proj_weight": True}, (3, 5)),
    Row((*PACKED, "attn_mask", "key_padding_mask"), {"dropout_p": 0.5, "training": False}),
]


@pytest.fixture(autouse=True)
def _twice_differentiable() -> Iterator[None]:
    """PyTorch's attention that has second derivatives."""
    attention = pytest.importorskip("torch.nn.attention", reason="PyTorch, the oracle, is not installed")
    with attention.sdpa_kernel(attention.SDPBackend.MATH):
        yield


def call(f: Any, row: Row, query: Any, key: Any, value: Any, *others: Any) -> tuple[Any, Any]:
    arguments: dict[str, Any] = {
        "in_proj_weight": None, "in_proj_bias": None, "bias_k": None, "bias_v": None, "add_zero_attn": False,
        "dropout_p": 0.0, "out_proj_bias": None, **row.arguments, **dict(zip(row.given, others, strict=True)),
    }  # fmt: skip
    return f(query, key, value, 4, 2, **arguments)


@pytest.mark.parametrize(
    "row", ROWS, ids=lambda row: f"{'-'.join(row.given)}-{row.arguments}".replace(" ", "")
)
@pytest.mark.parametrize("which", [0, 1], ids=["result", "weights"])
def test_values_and_derivatives_are_those_of_torch(row: Row, which: int, agrees_with_torch: Any) -> None:
    torch = pytest.importorskip("torch", reason="PyTorch, the oracle, is not installed")
    theirs = torch.nn.functional.multi_head_attention_forward
    if which and not row.arguments.get("need_weights", True):
        found = call(
            F.multi_head_attention_forward, row, *(draw(3, 2, 4),) * 3, *(draw(*SHAPES[n]) for n in row.given)
        )
        assert found[1] is None
        return
    inputs = [draw(3, 2, n, seed=i) for i, n in enumerate((4, *row.sizes))] + [
        draw(*SHAPES[n]) for n in row.given
    ]
    agrees_with_torch(
        lambda *args: call(F.multi_head_attention_forward, row, *args)[which],
        lambda *args: call(theirs, row, *args)[which],
        inputs,
    )


X = np.ones((3, 2, 4))


@pytest.mark.parametrize(
    ("changes", "kind", "message"),
    [
        ({"in_proj_weight": None}, TypeError, "weights of the projections, got None"),
        ({"use_separate_proj_weight": True}, TypeError, "weights of the projections, got None"),
        ({"bias_k": np.ones((1, 1, 4))}, ValueError, "bias_k and bias_v together"),
        (
            {"bias_k": np.ones((1, 1, 4)), "bias_v": np.ones((1, 1, 4)), "static_k": np.ones((4, 3, 2))},
            ValueError,
            "without static_k and static_v",
        ),
        ({"static_k": np.ones((3, 3, 2))}, ValueError, r"static_k of shape \(4, 'S', 2\), got \(3, 3, 2\)"),
        ({"static_v": np.ones((4, 3, 3))}, ValueError, "static_v of shape"),
        ({"static_k": np.ones((4, 2, 2))}, ValueError, "keys and values of one length, got 2 and 3"),
        ({"num_heads": 3}, ValueError, "num_heads to divide 4, got 3"),
        ({"embed_dim_to_check": 5}, ValueError, "a last axis of 5, got 4"),
    ],
)
def test_what_does_not_fit_is_refused(changes: dict[str, Any], kind: type[Exception], message: str) -> None:
    arguments = {
        "embed_dim_to_check": 4, "num_heads": 2, "in_proj_weight": np.ones((12, 4)), "in_proj_bias": None,
        "bias_k": None, "bias_v": None, "add_zero_attn": False, "dropout_p": 0.0,
        "out_proj_weight": np.ones((4, 4)), "out_proj_bias": None, **changes,
    }  # fmt: skip
    with pytest.raises(kind, match=message):
        F.multi_head_attention_forward(X, X, X, **arguments)
