"""GPT-2 takes PyTorch's weights, and gives PyTorch's outputs, gradients and training."""

from typing import Any

import numpy as np
import pytest

import nnx

RNG = np.random.default_rng(3)


def make_twin(torch: Any, vocabulary: int, positions: int, width: int, layers: int, heads: int) -> Any:
    nn = torch.nn

    class Attention(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.c_attn = nn.Linear(width, 3 * width)
            self.c_proj = nn.Linear(width, width)

        def forward(self, x: Any) -> Any:
            split = (x.unflatten(-1, (heads, -1)).transpose(1, 2) for x in self.c_attn(x).split(width, -1))
            out = nn.functional.scaled_dot_product_attention(*split, is_causal=True)
            return self.c_proj(out.transpose(1, 2).flatten(2))

    class Block(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.ln_1 = nn.LayerNorm(width)
            self.attn = Attention()
            self.ln_2 = nn.LayerNorm(width)
            self.mlp = nn.Module()
            self.mlp.c_fc = nn.Linear(width, 4 * width)
            self.mlp.c_proj = nn.Linear(4 * width, width)

        def forward(self, x: Any) -> Any:
            x = x + self.attn(self.ln_1(x))
            return x + self.mlp.c_proj(nn.functional.gelu(self.mlp.c_fc(self.ln_2(x)), approximate="tanh"))

    class Twin(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.wte, self.wpe = nn.Embedding(vocabulary, width), nn.Embedding(positions, width)
            self.h = nn.ModuleList(Block() for _ in range(layers))
            self.ln_f = nn.LayerNorm(width)

        def forward(self, tokens: Any) -> Any:
            x = self.wte(tokens) + self.wpe.weight[: tokens.shape[1]]
            for block in self.h:
                x = block(x)
            return self.ln_f(x) @ self.wte.weight.T

    return Twin()


SIZES = (11, 6, 8, 2, 2)
TOKENS = RNG.integers(0, 11, (3, 5))


def test_it_is_that_of_torch(example: Any, twins: Any) -> None:
    torch = pytest.importorskip("torch", reason="PyTorch, the oracle, is not installed")
    module = example("gpt2")
    twins(lambda: module.GPT2(*SIZES, dropout=0.0), make_twin(torch, *SIZES), [], [TOKENS])


def test_it_reads_the_published_layout(example: Any, lib: Any) -> None:
    """Hugging Face's files have these weights the other way round, masks, and the tied table twice."""
    torch = pytest.importorskip("torch", reason="PyTorch, the oracle, is not installed")
    module, twin = example("gpt2"), make_twin(torch, *SIZES).double()
    theirs = {f"transformer.{path}": t.numpy() for path, t in twin.state_dict().items()}
    for path in list(theirs):
        if any(path.endswith(f"{name}.weight") for name in ("c_attn", "c_proj", "c_fc")):
            theirs[path] = theirs[path].T
    theirs["transformer.h.0.attn.bias"] = np.tri(6)[None, None]
    theirs["transformer.h.0.attn.masked_bias"] = np.asarray(-1e4)
    theirs["lm_head.weight"] = theirs["transformer.wte.weight"]
    ours = module.GPT2(*SIZES).astype("float64").eval()
    ours.load_state_dict(module.from_hugging_face({path: lib.asarray(x) for path, x in theirs.items()}))
    expected = twin(torch.tensor(TOKENS)).detach().numpy()
    lib.assert_close(ours(lib.asarray(TOKENS)), expected, rtol=1e-9, atol=1e-12)


def test_a_place_does_not_see_what_comes_after_it(example: Any, lib: Any) -> None:
    model = example("gpt2").GPT2(*SIZES).eval()
    later = TOKENS.copy()
    later[:, 3:] = (later[:, 3:] + 1) % 11
    first, second = (lib.to_numpy(model(lib.asarray(x))) for x in (TOKENS, later))
    np.testing.assert_allclose(first[:, :3], second[:, :3], rtol=1e-5, atol=1e-6)
    assert np.abs(first[:, 3:] - second[:, 3:]).max() > 1e-3


def test_it_learns_in_spite_of_dropout(example: Any) -> None:
    nnx.seed(1)
    model = example("gpt2").GPT2(*SIZES)
    optimizer = nnx.optim.AdamW(model, learning_rate=1e-2)

    @nnx.value_and_grad
    def loss(model: Any, tokens: Any, following: Any) -> Any:
        return nnx.losses.cross_entropy(model(tokens).reshape(-1, 11), following.reshape(-1))

    losses = []
    for _ in range(60):
        value, grads = loss(model, TOKENS[:, :-1], TOKENS[:, 1:])
        optimizer.update(grads)
        losses.append(float(value))
    assert losses[0] > 2.0
    assert losses[-1] < 0.5


def test_it_prints_itself(example: Any, capsys: Any) -> None:
    example("gpt2").main(["--backend", "numpy", "--width", "12", "--layers", "1"])
    assert "617,280 parameters, 2.5 MB" in capsys.readouterr().out
