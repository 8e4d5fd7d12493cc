"""A tagger of words: an embedding, a bidirectional LSTM over the sentence, and scores of the tags of every word.

    uv run examples/architectures/lstm_tagger.py [--backend numpy|cupy|auto] [--weights FILE]

Prints the network; with a checkpoint of PyTorch, of the same keys, loads it first. Huang, Xu and Yu, 2015,
arXiv:1508.01991, without the conditional random field.
"""

import argparse

import nnx


class Tagger(nnx.Layer):
    """Sentences of word numbers (N, L), those of 0 padding, to scores (N, L, tags)."""

    def __init__(
        self, words: int = 10000, tags: int = 17, features: int = 100, hidden: int = 128, dropout: float = 0.3
    ) -> None:
        self.embedding = nnx.Embedding(words, features, padding_idx=0)
        self.dropout = nnx.Dropout(dropout)
        self.lstm = nnx.LSTM(
            features, hidden, num_layers=2, batch_first=True, dropout=dropout, bidirectional=True
        )
        self.scores = nnx.Linear(2 * hidden, tags)

    def forward(self, sentences, lengths=None):
        """The scores; with `lengths`, how many words each sentence has, no padding has a part in them."""
        out, _ = self.lstm(self.dropout(self.embedding(sentences)), lengths=lengths)
        return self.scores(self.dropout(out))


def main(arguments: list[str] | None = None) -> None:
    """Print the network."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--backend", default="auto", choices=["numpy", "cupy", "auto"])
    parser.add_argument("--weights", help="a checkpoint of PyTorch: a state dict, or safetensors")
    options = parser.parse_args(arguments)
    nnx.use(options.backend)
    model = Tagger()
    if options.weights:
        model.load_state_dict(nnx.load_torch_state(options.weights))
    print(model.summary((1, 40), dtype="int64"))


if __name__ == "__main__":
    main()
