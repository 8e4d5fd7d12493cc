"""Networks of images take PyTorch's weights, and give PyTorch's outputs, gradients and training."""

from typing import Any

import numpy as np
import pytest

RNG = np.random.default_rng(3)


def test_autoencoder(example: Any, twins: Any) -> None:
    nn = pytest.importorskip("torch", reason="PyTorch, the oracle, is not installed").nn

    def block(convolution: Any, channels: int, out: int, size: int, activation: Any) -> Any:
        return nn.Sequential(
            convolution(channels, out, size, stride=2, padding=1, bias=False), nn.BatchNorm2d(out), activation
        )

    class Twin(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.encoder = nn.Sequential(
                block(nn.Conv2d, 2, 4, 3, nn.LeakyReLU(0.2)),
                block(nn.Conv2d, 4, 8, 3, nn.LeakyReLU(0.2)),
                nn.Conv2d(8, 3, 3, stride=2, padding=1),
            )
            self.decoder = nn.Sequential(
                block(nn.ConvTranspose2d, 3, 8, 4, nn.ReLU()),
                block(nn.ConvTranspose2d, 8, 4, 4, nn.ReLU()),
                nn.ConvTranspose2d(4, 2, 4, stride=2, padding=1),
            )

        def forward(self, x: Any) -> Any:
            return self.decoder(self.encoder(x)).sigmoid()

    module = example("autoencoder")
    twins(lambda: module.Autoencoder(2, 4, 3), Twin(), [RNG.standard_normal((2, 2, 16, 8))])


@pytest.mark.parametrize("name", ["autoencoder"])
def test_the_examples_print_their_networks(name: str, example: Any, capsys: Any) -> None:
    example(name).main(["--backend", "numpy"])
    printed = capsys.readouterr().out
    assert "parameters" in printed
    assert "output shape" in printed
