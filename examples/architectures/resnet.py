"""ResNet-18 and ResNet-34, with torchvision's keys: its checkpoints load as they are.

    uv run examples/architectures/resnet.py [--backend numpy|cupy|auto] [--weights resnet18.pth]

He et al., "Deep residual learning for image recognition", 2016, arXiv:1512.03385. Prints the network.
"""

import argparse

import nnx


class BasicBlock(nnx.Layer):
    """Two convolutions, around which the input goes unchanged, or by a convolution where its shape changes."""

    def __init__(self, in_channels: int, channels: int, stride: int) -> None:
        self.conv1 = nnx.Conv2d(in_channels, channels, 3, stride, padding=1, bias=False)
        self.bn1 = nnx.BatchNorm2d(channels)
        self.conv2 = nnx.Conv2d(channels, channels, 3, padding=1, bias=False)
        self.bn2 = nnx.BatchNorm2d(channels)
        if stride == 1 and in_channels == channels:
            self.downsample = None
        else:
            self.downsample = nnx.Sequential(
                nnx.Conv2d(in_channels, channels, 1, stride, bias=False), nnx.BatchNorm2d(channels)
            )

    def forward(self, x):
        """Shape ``(N, channels, H / stride, W / stride)``."""
        shortcut = x if self.downsample is None else self.downsample(x)
        x = nnx.functional.relu(self.bn1(self.conv1(x)))
        return nnx.functional.relu(self.bn2(self.conv2(x)) + shortcut)


class ResNet(nnx.Layer):
    """Images of (N, 3, H, W) to the scores of classes; blocks=(2, 2, 2, 2) is ResNet-18, (3, 4, 6, 3) ResNet-34."""

    def __init__(self, blocks=(2, 2, 2, 2), width: int = 64, num_classes: int = 1000) -> None:
        self.conv1 = nnx.Conv2d(3, width, 7, stride=2, padding=3, bias=False)
        self.bn1 = nnx.BatchNorm2d(width)
        self.maxpool = nnx.MaxPool2d(3, stride=2, padding=1)
        self.layer1 = stage(width, width, blocks[0], stride=1)
        self.layer2 = stage(width, 2 * width, blocks[1], stride=2)
        self.layer3 = stage(2 * width, 4 * width, blocks[2], stride=2)
        self.layer4 = stage(4 * width, 8 * width, blocks[3], stride=2)
        self.avgpool = nnx.AdaptiveAvgPool2d((1, 1))
        self.fc = nnx.Linear(8 * width, num_classes)

    def forward(self, x):
        """The scores."""
        x = self.maxpool(nnx.functional.relu(self.bn1(self.conv1(x))))
        for layer in (self.layer1, self.layer2, self.layer3, self.layer4):
            x = layer(x)
        return self.fc(self.avgpool(x)[:, :, 0, 0])


def stage(in_channels: int, channels: int, blocks: int, stride: int) -> nnx.Sequential:
    """Blocks of one width; the first changes the shape."""
    first = BasicBlock(in_channels, channels, stride)
    return nnx.Sequential(first, *(BasicBlock(channels, channels, 1) for _ in range(blocks - 1)))


def main(arguments: list[str] | None = None) -> None:
    """Print the network."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--backend", default="auto", choices=["numpy", "cupy", "auto"])
    parser.add_argument("--weights", help="a checkpoint of torchvision's resnet18")
    options = parser.parse_args(arguments)
    nnx.use(options.backend)
    model = ResNet()
    if options.weights:
        model.load_state_dict(nnx.load_torch_state(options.weights))
    print(model.summary((1, 3, 64, 64)))


if __name__ == "__main__":
    main()
