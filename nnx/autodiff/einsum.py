"""Einstein summation in functions of the standard, on plain and on traced arrays alike.

Operands are contracted two at a time, the cheapest pair first: each contraction is one batched matmul, or one
broadcast product where nothing is summed.
"""

from __future__ import annotations

import math
import string
from collections.abc import Sequence
from itertools import combinations
from typing import Any

__all__ = ["einsum", "parse"]


def einsum(xp: Any, subscripts: str, /, *operands: Any) -> Any:
    """The sum of products that the subscripts name, as in NumPy.

    Parameters
    ----------
    xp
        The standard namespace of the operands.
    subscripts
        Such as ``"ij,jk->ik"``: a letter for each axis of each operand, ``...`` for axes that broadcast, a letter
        repeated within an operand for its diagonal. Without ``->`` the letters that occur once are kept, in
        alphabetical order.
    *operands
        One array for each comma-separated part.

    Raises
    ------
    ValueError
        The subscripts don't fit the operands.

    Examples
    --------
    >>> import numpy as np
    >>> einsum(np, "ij,j->i", np.eye(2), np.asarray([3.0, 4.0]))
    array([3., 4.])
    """
    labels, output = parse(subscripts, [x.ndim for x in operands])
    sizes: dict[str, int] = {}
    for x, letters in zip(operands, labels, strict=True):
        for n, letter in zip(x.shape, letters, strict=True):
            if sizes.setdefault(letter, n) != n:
                if 1 not in (n, sizes[letter]):
                    raise ValueError(
                        f"einsum: {letter!r} of {subscripts!r} stands for axes of lengths {sizes[letter]} and {n}"
                    )
                sizes[letter] = max(n, sizes[letter]) if 0 not in (n, sizes[letter]) else 0
    terms = [_single(xp, x, letters, sizes) for x, letters in zip(operands, labels, strict=True)]
    while len(terms) > 1:
        i, j = _cheapest(terms, sizes)
        (x, a), (y, b) = terms[i], terms[j]
        rest = [t for k, t in enumerate(terms) if k not in (i, j)]
        keep = set(output).union(*(letters for _, letters in rest))
        terms = [*rest, _pair(xp, x, a, y, b, keep, sizes)]
    return _arranged(xp, *terms[0], output, sizes)


def parse(subscripts: str, ranks: Sequence[int]) -> tuple[list[str], str]:
    """The letters of every operand and of the result, ``...`` spelt out in letters of its own."""
    text = subscripts.replace(" ", "")
    inputs, arrow, output = text.partition("->")
    parts = inputs.split(",")
    if len(parts) != len(ranks):
        raise ValueError(f"einsum: {subscripts!r} names {len(parts)} operands, got {len(ranks)}")
    used = set(text)
    free = [c for c in string.ascii_letters if c not in used]
    dotted = [rank - len(p.replace("...", "")) for p, rank in zip(parts, ranks, strict=True) if "..." in p]
    dots = "".join(free[: max(dotted, default=0)])
    labels = []
    for part, rank in zip(parts, ranks, strict=True):
        missing = rank - len(part.replace("...", ""))
        letters = part.replace("...", dots[len(dots) - missing :] if missing > 0 else "", 1)
        if missing < 0 or len(letters) != rank or not all(c in string.ascii_letters for c in letters):
            raise ValueError(
                f"einsum: {part!r} of {subscripts!r} does not name the axes of an array of {rank} axes"
            )
        labels.append(letters)
    if arrow:
        output = output.replace("...", dots, 1)
    else:
        all_letters = "".join(parts).replace(".", "")
        output = dots + "".join(sorted(c for c in set(all_letters) if all_letters.count(c) == 1))
    known = set().union(*labels)
    if len(set(output)) != len(output) or not set(output) <= known:
        raise ValueError(
            f"einsum: the result {output!r} of {subscripts!r} repeats a letter or has an unknown one"
        )
    return labels, output


Term = tuple[Any, str]


def _single(xp: Any, x: Any, letters: str, sizes: dict[str, int]) -> Term:
    """Diagonals for letters that repeat; axes of length one that broadcast are dropped."""
    for letter in sorted(set(letters), key=letters.index):
        while letters.count(letter) > 1:
            i = letters.index(letter)
            j = letters.index(letter, i + 1)
            if x.shape[i] != x.shape[j]:
                raise ValueError(f"einsum: the axes of {letter!r} have lengths {x.shape[i]} and {x.shape[j]}")
            x = xp.linalg.diagonal(xp.moveaxis(x, (i, j), (-2, -1)))
            letters = letters[:i] + letters[i + 1 : j] + letters[j + 1 :] + letter
    ones = tuple(i for i, c in enumerate(letters) if x.shape[i] == 1 and sizes[c] != 1)
    if ones:
        x, letters = xp.squeeze(x, axis=ones), "".join(c for i, c in enumerate(letters) if i not in ones)
    return x, letters


def _cheapest(terms: list[Term], sizes: dict[str, int]) -> tuple[int, int]:
    """The pair whose product has the fewest elements to go through."""
    if len(terms) == 2:
        return 0, 1
    pairs = combinations(range(len(terms)), 2)
    return min(pairs, key=lambda p: math.prod(sizes[c] for c in set(terms[p[0]][1] + terms[p[1]][1])))


def _summed(xp: Any, x: Any, letters: str, keep: set[str]) -> Term:
    gone = tuple(i for i, c in enumerate(letters) if c not in keep)
    if gone:
        x, letters = xp.sum(x, axis=gone, dtype=x.dtype), "".join(c for c in letters if c in keep)
    return x, letters


def _pair(xp: Any, x: Any, a: str, y: Any, b: str, keep: set[str], sizes: dict[str, int]) -> Term:
    """Contract two operands, keeping the letters that something else still needs."""
    x, a = _summed(xp, x, a, keep | set(b))
    y, b = _summed(xp, y, b, keep | set(a))
    shared = [c for c in a if c in b]
    batch = "".join(c for c in shared if c in keep)
    inner = "".join(c for c in shared if c not in keep)
    left = "".join(c for c in a if c not in shared)
    right = "".join(c for c in b if c not in shared)
    if not inner:
        x = _laid_out(xp, x, a, batch + left, (1,) * len(right))
        y = _permuted(xp, y, b, batch + right)
        y = xp.reshape(y, y.shape[: len(batch)] + (1,) * len(left) + y.shape[len(batch) :])
        return x * y, batch + left + right
    shape = [tuple(sizes[c] for c in letters) for letters in (batch, left, right)]
    rows, depth, columns = (math.prod(sizes[c] for c in letters) for letters in (left, inner, right))
    x = xp.reshape(_permuted(xp, x, a, batch + left + inner), (*shape[0], rows, depth))
    y = xp.reshape(_permuted(xp, y, b, batch + inner + right), (*shape[0], depth, columns))
    return xp.reshape(xp.matmul(x, y), shape[0] + shape[1] + shape[2]), batch + left + right


def _permuted(xp: Any, x: Any, letters: str, wanted: str) -> Any:
    return x if letters == wanted else xp.permute_dims(x, tuple(letters.index(c) for c in wanted))


def _laid_out(xp: Any, x: Any, letters: str, wanted: str, trailing: tuple[int, ...]) -> Any:
    x = _permuted(xp, x, letters, wanted)
    return xp.reshape(x, x.shape + trailing) if trailing else x


def _arranged(xp: Any, x: Any, letters: str, output: str, sizes: dict[str, int]) -> Any:
    x, letters = _summed(xp, x, letters, set(output))
    missing = [c for c in output if c not in letters]  # axes that only had length one
    if missing:
        x, letters = xp.reshape(x, x.shape + (1,) * len(missing)), letters + "".join(missing)
    return _permuted(xp, x, letters, output)
