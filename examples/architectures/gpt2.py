"""GPT-2: a transformer that predicts the next token; Radford et al., "Language models are unsupervised multitask
learners", 2019.

    uv run examples/architectures/gpt2.py [--backend numpy|cupy|auto] [--weights FILE]

Prints the network; with a checkpoint of GPT-2 (Hugging Face's file: the 124 million parameters of "gpt2"), loads it
first.
"""

import argparse

import nnx
from nnx import functional as F


class Attention(nnx.Layer):
    """Each place looks at itself and at those before it."""

    def __init__(self, width: int, heads: int, dropout: float) -> None:
        self.heads, self.dropout = heads, dropout
        self.c_attn = nnx.Linear(width, 3 * width)
        self.c_proj = nnx.Linear(width, width)
        self.resid_dropout = nnx.Dropout(dropout)

    def forward(self, x):
        """Shape (N, L, width), kept."""
        xp, (count, length, width) = nnx.array_namespace(x), x.shape
        qkv = xp.reshape(self.c_attn(x), (count, length, 3, self.heads, width // self.heads))
        q, k, v = xp.unstack(xp.permute_dims(qkv, (2, 0, 3, 1, 4)))
        out = F.scaled_dot_product_attention(
            q, k, v, dropout_p=self.dropout if self.training else 0.0, is_causal=True
        )
        out = xp.reshape(xp.permute_dims(out, (0, 2, 1, 3)), (count, length, width))
        return self.resid_dropout(self.c_proj(out))


class Block(nnx.Layer):
    """Attention and a network of one hidden layer, each added to its input, which is normalised first."""

    def __init__(self, width: int, heads: int, dropout: float) -> None:
        self.ln_1 = nnx.LayerNorm(width)
        self.attn = Attention(width, heads, dropout)
        self.ln_2 = nnx.LayerNorm(width)
        self.mlp = nnx.Sequential(
            {
                "c_fc": nnx.Linear(width, 4 * width),
                "act": nnx.GELU("tanh"),
                "c_proj": nnx.Linear(4 * width, width),
                "dropout": nnx.Dropout(dropout),
            }
        )

    def forward(self, x):
        """Shape (N, L, width), kept."""
        x = x + self.attn(self.ln_1(x))
        return x + self.mlp(self.ln_2(x))


class GPT2(nnx.Layer):
    """Tokens (N, L) to scores of the next token at each place, (N, L, vocabulary)."""

    def __init__(
        self,
        vocabulary: int = 50257,
        positions: int = 1024,
        width: int = 768,
        layers: int = 12,
        heads: int = 12,
        dropout: float = 0.1,
    ) -> None:
        self.wte = nnx.Embedding(vocabulary, width)
        self.wpe = nnx.Embedding(positions, width)
        self.drop = nnx.Dropout(dropout)
        self.h = nnx.LayerList(Block(width, heads, dropout) for _ in range(layers))
        self.ln_f = nnx.LayerNorm(width)
        self.load_state_dict(  # what many layers add up to grows, so that those that add start smaller
            {
                path: nnx.init.normal(
                    x.shape, std=0.02 / (2 * layers) ** 0.5 if path.endswith("c_proj.weight") else 0.02
                )
                for path, x in self.parameters().items()
                if x.ndim > 1
            },
            strict=False,
        )

    def forward(self, tokens):
        """The scores: the table of tokens serves as the last layer, too."""
        xp = nnx.array_namespace(tokens)
        places = xp.arange(tokens.shape[1], device=tokens.device)
        x = self.drop(self.wte(tokens) + self.wpe(places))
        for block in self.h:
            x = block(x)
        return F.linear(self.ln_f(x), self.wte.weight)


def from_hugging_face(state):
    """Their state dict with our keys: weights the other way round, no masks, the tied table once."""
    named = {path.removeprefix("transformer."): x for path, x in state.items()}
    return {
        path: x.T if path.split(".")[-2].startswith("c_") and x.ndim == 2 else x
        for path, x in named.items()
        if path != "lm_head.weight" and not path.endswith((".attn.bias", ".attn.masked_bias"))
    }


def main(arguments: list[str] | None = None) -> None:
    """Print the network."""
    parser = argparse.ArgumentParser(description=__doc__.partition(";")[0])
    parser.add_argument("--backend", default="auto", choices=["numpy", "cupy", "auto"])
    parser.add_argument(
        "--weights", help="a checkpoint of Hugging Face's GPT-2: a state dict, or safetensors"
    )
    parser.add_argument("--width", type=int, default=768)
    parser.add_argument("--layers", type=int, default=12)
    options = parser.parse_args(arguments)
    nnx.use(options.backend)
    model = GPT2(width=options.width, layers=options.layers)
    if options.weights:
        model.load_state_dict(from_hugging_face(nnx.load_torch_state(options.weights)))
    print(model.summary((1, 16), dtype="int64"))


if __name__ == "__main__":
    main()
