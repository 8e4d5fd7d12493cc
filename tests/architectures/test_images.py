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


def test_lenet(example: Any, twins: Any) -> None:
    nn = pytest.importorskip("torch", reason="PyTorch, the oracle, is not installed").nn

    class Twin(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.conv1 = nn.Conv2d(1, 6, 5)
            self.conv2 = nn.Conv2d(6, 16, 5)
            self.fc1 = nn.Linear(400, 120)
            self.fc2 = nn.Linear(120, 84)
            self.fc3 = nn.Linear(84, 10)

        def forward(self, x: Any) -> Any:
            pool = nn.functional.avg_pool2d
            x = pool(self.conv1(x).tanh(), 2)
            x = pool(self.conv2(x).tanh(), 2)
            return self.fc3(self.fc2(self.fc1(x.flatten(1)).tanh()).tanh())

    twins(example("lenet").LeNet5, Twin(), [RNG.standard_normal((2, 1, 32, 32))])


def test_resnet(example: Any, twins: Any) -> None:
    nn = pytest.importorskip("torch", reason="PyTorch, the oracle, is not installed").nn

    class Block(nn.Module):
        def __init__(self, a: int, b: int, stride: int) -> None:
            super().__init__()
            self.conv1 = nn.Conv2d(a, b, 3, stride, 1, bias=False)
            self.bn1 = nn.BatchNorm2d(b)
            self.conv2 = nn.Conv2d(b, b, 3, 1, 1, bias=False)
            self.bn2 = nn.BatchNorm2d(b)
            self.downsample = (
                nn.Sequential(nn.Conv2d(a, b, 1, stride, bias=False), nn.BatchNorm2d(b)) if a != b else None
            )

        def forward(self, x: Any) -> Any:
            y = self.bn2(self.conv2(self.bn1(self.conv1(x)).relu()))
            return (y + (x if self.downsample is None else self.downsample(x))).relu()

    class Twin(nn.Module):
        def __init__(self, width: int, classes: int) -> None:
            super().__init__()
            self.conv1 = nn.Conv2d(3, width, 7, 2, 3, bias=False)
            self.bn1 = nn.BatchNorm2d(width)
            widths = [width, width, 2 * width, 4 * width, 8 * width]
            for i in range(4):
                a, b = widths[i], widths[i + 1]
                setattr(self, f"layer{i + 1}", nn.Sequential(Block(a, b, 1 + (i > 0)), Block(b, b, 1)))
            self.fc = nn.Linear(8 * width, classes)

        def forward(self, x: Any) -> Any:
            x = nn.functional.max_pool2d(self.bn1(self.conv1(x)).relu(), 3, 2, 1)
            for i in range(4):
                x = getattr(self, f"layer{i + 1}")(x)
            return self.fc(nn.functional.adaptive_avg_pool2d(x, 1).flatten(1))

    module = example("resnet")
    twins(lambda: module.ResNet(width=2, num_classes=3), Twin(2, 3), [RNG.standard_normal((3, 3, 40, 33))])


@pytest.mark.parametrize("bilinear", [False, True])
def test_unet(bilinear: bool, example: Any, twins: Any) -> None:
    torch = pytest.importorskip("torch", reason="PyTorch, the oracle, is not installed")
    nn = torch.nn

    def double(a: int, b: int) -> Any:
        layers = [[nn.Conv2d(c, b, 3, padding=1, bias=False), nn.BatchNorm2d(b), nn.ReLU()] for c in (a, b)]
        return nn.Sequential(*layers[0], *layers[1])

    def upwards(a: int, b: int) -> Any:
        if bilinear:
            grow = nn.Upsample(scale_factor=2, mode="bilinear", align_corners=True)
            return nn.Sequential(grow, nn.Conv2d(a, b, 1))
        return nn.ConvTranspose2d(a, b, 2, stride=2)

    class Twin(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.down = nn.ModuleList([double(2, 4), double(4, 8), double(8, 16)])
            self.up = nn.ModuleList([upwards(16, 8), upwards(8, 4)])
            self.join = nn.ModuleList([double(16, 8), double(8, 4)])
            self.head = nn.Conv2d(4, 1, 1)

        def forward(self, x: Any) -> Any:
            fine = self.down[0](x)
            middle = self.down[1](nn.functional.max_pool2d(fine, 2))
            x = self.down[2](nn.functional.max_pool2d(middle, 2))
            x = self.join[0](torch.cat([middle, self.up[0](x)], 1))
            return self.head(self.join[1](torch.cat([fine, self.up[1](x)], 1)))

    module = example("unet")
    x = RNG.standard_normal((2, 2, 8, 12))
    twins(lambda: module.UNet(2, 1, width=4, depth=2, bilinear=bilinear), Twin(), [x])


@pytest.mark.parametrize("name", ["autoencoder", "lenet", "resnet", "unet"])
def test_the_examples_print_their_networks(name: str, example: Any, capsys: Any) -> None:
    example(name).main(["--backend", "numpy"])
    printed = capsys.readouterr().out
    assert "parameters" in printed
    assert "output shape" in printed


def test_the_examples_load_what_torch_saved(example: Any, tmp_path: Any, capsys: Any) -> None:
    torch = pytest.importorskip("torch", reason="PyTorch, the oracle, is not installed")
    module = example("lenet")
    path = tmp_path / "lenet.pt"
    state = {name: torch.tensor(x) for name, x in module.LeNet5().state_dict().items()}
    torch.save(state, path)
    module.main(["--backend", "numpy", "--weights", str(path)])
    assert "61,706 parameters" in capsys.readouterr().out
    torch.save({**state, "extra": torch.ones(1)}, path)
    with pytest.raises(ValueError, match='"extra": unexpected'):
        module.main(["--backend", "numpy", "--weights", str(path)])
