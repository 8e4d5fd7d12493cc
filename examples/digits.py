"""A network learns to read handwritten digits.

    uv run examples/digits.py [--backend numpy|cupy|auto] [--epochs 30] [--picture digits.png]

The data are scikit-learn's 1,797 images of 8 x 8 pixels. A network 64-256-128-10 is trained with Adam on most of
them, watched on a validation part, and judged on images that it has never seen.
"""

import argparse

import matplotlib

matplotlib.use("Agg")  # draw to files: no window needed
import matplotlib.pyplot as plt
import numpy as np
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split
from tqdm import tqdm

import nnx

EPOCHS, BATCH, SEED = 30, 32, 0


def load() -> tuple[np.ndarray, ...]:
    """Training, validation and test images, pixels from 0 to 1, and their labels."""
    images, labels = load_digits(return_X_y=True)
    images = (images / 16).astype(np.float32)
    x, x_test, y, y_test = train_test_split(images, labels, test_size=0.2, random_state=SEED, stratify=labels)
    x, x_val, y, y_val = train_test_split(x, y, test_size=0.125, random_state=SEED, stratify=y)
    return x, y, x_val, y_val, x_test, y_test


def make_model() -> nnx.Sequential:
    """The network: two hidden layers; dropout keeps it from learning its images by heart."""
    return nnx.Sequential(
        nnx.Linear(64, 256), nnx.ReLU(), nnx.Dropout(0.3),
        nnx.Linear(256, 128), nnx.ReLU(), nnx.Dropout(0.3),
        nnx.Linear(128, 10),
    )  # fmt: skip


@nnx.value_and_grad
def loss_and_gradients(model, x, y):
    """The mean cross-entropy of a batch, and its gradient for every parameter; smoothing curbs overconfidence."""
    return nnx.losses.cross_entropy(model(x), y, label_smoothing=0.1)


def evaluate(model, x, y) -> tuple[float, float]:
    """Loss and accuracy, with dropout off."""
    model.eval()
    scores = model(x)
    model.train()
    loss = nnx.losses.cross_entropy(scores, y)
    predicted = nnx.to_numpy(scores).argmax(axis=1)
    return float(loss), float((predicted == nnx.to_numpy(y)).mean())


def train(model, data, epochs: int = EPOCHS) -> dict[str, list[float]]:
    """Train the model, and return loss and accuracy by epoch on the training and validation parts."""
    x, y, x_val, y_val = data
    xp = nnx.array_namespace(x)
    steps = epochs * -(-x.shape[0] // BATCH)
    optimizer = nnx.optim.Adam(model, learning_rate=nnx.optim.schedules.cosine(2e-3, T_max=steps))
    shuffle = nnx.random.Generator(SEED)
    history = {"loss": [], "accuracy": [], "val_loss": [], "val_accuracy": []}
    bar = tqdm(range(1, epochs + 1), desc="training", unit="epoch")
    for _ in bar:
        order = shuffle.permutation(x.shape[0])
        images, labels = xp.take(x, order, axis=0), xp.take(y, order, axis=0)
        for start in range(0, x.shape[0], BATCH):
            batch = slice(start, start + BATCH)
            _, gradients = loss_and_gradients(model, images[batch, :], labels[batch])
            optimizer.update(gradients)
        for name, value in zip(
            history, (*evaluate(model, x, y), *evaluate(model, x_val, y_val)), strict=True
        ):
            history[name].append(value)
        bar.set_postfix({name: f"{values[-1]:.3f}" for name, values in history.items()})
    return history


def draw(path: str, history: dict[str, list[float]], images, labels, predicted) -> None:
    """The curves of the training, and test digits with what the network read; the wrong ones first, in red."""
    wrong = np.flatnonzero(predicted != labels)
    shown = np.concatenate([wrong, np.flatnonzero(predicted == labels)])[:40]
    figure = plt.figure(figsize=(10, 8.5), layout="constrained")
    upper, lower = figure.subfigures(2, 1, height_ratios=(1, 1.55))
    for axes, name in zip(upper.subplots(1, 2), ("loss", "accuracy"), strict=True):
        epochs = range(1, len(history[name]) + 1)
        axes.plot(epochs, history[name], color="tab:blue", label="training")
        axes.plot(epochs, history[f"val_{name}"], color="tab:orange", label="validation")
        axes.set(xlabel="epoch", title=name)
        axes.grid(alpha=0.3)
        axes.legend()
    lower.suptitle(
        f"{len(labels) - len(wrong)} of {len(labels)} test digits read right ({1 - len(wrong) / len(labels):.1%}); "
        "the others in red"
    )
    for axes, i in zip(lower.subplots(4, 10).flat, shown, strict=True):
        axes.imshow(images[i].reshape(8, 8), cmap="gray_r")
        right = predicted[i] == labels[i]
        axes.set_title(
            f"{predicted[i]}" if right else f"{predicted[i]}, is {labels[i]}",
            fontsize=10,
            color="black" if right else "red",
        )
        axes.set_xticks([])
        axes.set_yticks([])
        for spine in axes.spines.values():
            spine.set(color="lightgray" if right else "red", linewidth=1 if right else 2)
    figure.savefig(path, dpi=110)
    plt.close(figure)


def main(arguments: list[str] | None = None) -> float:
    """Train, test, draw; returns the accuracy on the test images."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        "--backend", default="auto", choices=["numpy", "cupy", "auto"], help="where to compute"
    )
    parser.add_argument("--epochs", type=int, default=EPOCHS, help="how often to see every training image")
    parser.add_argument("--picture", default="digits.png", help="where to draw the result")
    options = parser.parse_args(arguments)

    nnx.use(options.backend)
    nnx.seed(SEED)
    backend = nnx.backend()
    data = load()
    x, y, x_val, y_val, x_test, _ = (backend.from_host(array) for array in data)
    model = make_model()
    print(f"nnx {nnx.__version__} on {backend.name}")
    print(model.summary((BATCH, 64)))

    history = train(model, (x, y, x_val, y_val), options.epochs)

    print("\nepoch   loss  accuracy   val. loss  val. accuracy")
    for epoch in range(0, options.epochs, max(1, options.epochs // 10)):
        row = [values[epoch] for values in history.values()]
        print(f"{epoch + 1:5}  {row[0]:.3f}    {row[1]:6.1%}       {row[2]:.3f}         {row[3]:6.1%}")
    model.eval()
    predicted = nnx.to_numpy(model(x_test)).argmax(axis=1)
    accuracy = float((predicted == data[5]).mean())
    print(f"\ntest accuracy {accuracy:.1%} on {len(predicted)} images that the network has never seen")
    draw(options.picture, history, data[4], data[5], predicted)
    print(f"curves and digits are drawn in {options.picture}")
    return accuracy


if __name__ == "__main__":
    main()
