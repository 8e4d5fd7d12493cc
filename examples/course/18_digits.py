"""18. Handwritten digits: ten classes, one hidden layer, softmax.

    A = relu(X Θ⁽¹⁾ + b⁽¹⁾)             X has a row of 8·8 pixels for each image
    Z = A Θ⁽²⁾ + b⁽²⁾                   ten numbers, one for each digit
    ŷₖ = e^zₖ / Σⱼ e^zⱼ                 softmax: ten probabilities
    J = -(1/m) Σ Σₖ yₖ log ŷₖ           yₖ is 1 for the right digit, else 0

While it learns, half of the hidden neurons, others each time, are left out (dropout), so that no digit hangs on a few
of them. A quarter of the images is kept for the test. See which it gets wrong with the greatest confidence.

    uv run examples/course/18_digits.py [--backend numpy]
"""

import numpy as np
from page import Page, main
from sklearn.datasets import load_digits
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import train_test_split

import nnx
import nnx.functional as F


@nnx.value_and_grad
def cost_and_gradients(network: nnx.Layer, x, y):
    return nnx.losses.cross_entropy(network(x), y)


def run(page: Page) -> None:
    images, digits = load_digits(return_X_y=True)
    split = train_test_split(images / 16, digits, test_size=0.25, random_state=18, stratify=digits)
    images, images_new, digits, digits_new = split
    x, y, x_new = (
        page.array(images, "float32"),
        page.array(digits, "int64"),
        page.array(images_new, "float32"),
    )

    network = nnx.Sequential(nnx.Linear(64, 128), nnx.ReLU(), nnx.Dropout(0.5), nnx.Linear(128, 10))
    optimizer = nnx.optim.Adam(network, learning_rate=0.01)
    for _ in range(150):
        _, gradients = cost_and_gradients(network, x, y)
        optimizer.update(gradients)

    network.eval()  # all neurons take part from now on
    probabilities = nnx.to_numpy(F.softmax(network(x_new)))
    read = probabilities.argmax(axis=1)
    one_layer = LogisticRegression(solver="newton-cg").fit(images, digits).score(images_new, digits_new)
    page.claim("probabilities add up to 1", probabilities.sum(axis=1), np.ones(len(read)), 1e-6)
    page.claim("share of the test read right", np.mean(read == digits_new), 0.97, relation=">=")
    page.claim("and by softmax without a hidden layer", np.mean(read == digits_new), one_layer, relation=">=")

    wrong = np.flatnonzero(read != digits_new)
    surest = wrong[np.argsort(-probabilities[wrong].max(axis=1))]
    with page.figure(columns=3, rows=2, height=1.9) as axes:
        for (picture, bars), i in zip(axes.T, surest, strict=False):
            picture.imshow(images_new[i].reshape(8, 8), cmap="Greys")
            picture.set_title(f"a {digits_new[i]}, read as {read[i]}")
            picture.axis("off")
            bars.bar(range(10), probabilities[i], color="tab:blue", label="ŷ")
            bars.bar(
                digits_new[i],
                probabilities[i, digits_new[i]],
                color="tab:orange",
                label="ŷ of the right digit",
            )
            bars.set(xlabel="digit", xticks=range(10), ylabel="probability", ylim=(0, 1))
            bars.label_outer()
        axes[1, 0].legend(loc="upper left")


if __name__ == "__main__":
    main(__file__, run)
