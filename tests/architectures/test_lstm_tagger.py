"""The tagger takes PyTorch's weights, and gives PyTorch's outputs, gradients and training."""

from typing import Any

import numpy as np
import pytest

RNG = np.random.default_rng(4)


@pytest.mark.parametrize("lengths", [None, (3, 6, 1)], ids=["alike", "lengths"])
def test_lstm_tagger(lengths: Any, example: Any, twins: Any) -> None:
    torch = pytest.importorskip("torch", reason="PyTorch, the oracle, is not installed")
    nn, rnn = torch.nn, torch.nn.utils.rnn

    class Twin(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.embedding = nn.Embedding(11, 4, padding_idx=0)
            self.lstm = nn.LSTM(4, 3, num_layers=2, batch_first=True, bidirectional=True)
            self.scores = nn.Linear(6, 5)

        def forward(self, sentences: Any, lengths: Any = None) -> Any:
            x = self.embedding(sentences)
            if lengths is None:
                return self.scores(self.lstm(x)[0])
            packed = rnn.pack_padded_sequence(x, lengths, batch_first=True, enforce_sorted=False)
            out, _ = rnn.pad_packed_sequence(self.lstm(packed)[0], batch_first=True)
            return self.scores(out)

    words = RNG.integers(1, 11, (3, 6))
    for n, length in enumerate(lengths or ()):
        words[n, length:] = 0
    twins(
        lambda: example("lstm_tagger").Tagger(11, 5, 4, 3, dropout=0.0),
        Twin(),
        constants=[words],
        call=lambda network, words: network(words, lengths),
    )


def test_the_example_prints_its_network(example: Any, capsys: Any) -> None:
    example("lstm_tagger").main(["--backend", "numpy"])
    printed = capsys.readouterr().out
    assert "parameters" in printed
    assert "output shape" in printed
