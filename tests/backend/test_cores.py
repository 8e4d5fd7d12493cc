"""Work shared out over cores: everything is done once, errors come back, and BLAS has its threads again."""

import multiprocessing
import sys
import threading

import numpy as np
import pytest

from nnx_numpy import cores as module
from nnx_numpy.cores import FEW, KEPT, LAID, LEAST, MOST, ONE_ROW, cores, laid_out, product, scratch, share


@pytest.fixture
def three_cores(monkeypatch):
    """As many as are asked for, whatever this machine has."""
    count = [3]
    monkeypatch.setattr(module, "_blas", lambda: ((lambda: count[0]), (lambda n: count.__setitem__(0, n))))
    return count


def test_every_part_is_done_once(three_cores):
    out = np.zeros(1000)

    def work(part):
        out[part] += part

    share(work, range(1000))
    assert (out == np.arange(1000)).all()
    assert three_cores == [3]


def test_products_of_middling_size_are_done_by_one_thread(three_cores):
    class Matrix:
        def __init__(self, rows, columns):
            self.size, self.shape = rows * columns, (rows, columns)

        def dot(self, other):
            if self.shape[1] != other.shape[0]:
                raise ValueError("they don't fit")
            return cores()

    for rows, multiplications, expected in (
        (64, LEAST // 2, 3), (64, LEAST, 1), (64, MOST // 2, 1), (64, MOST, 3), (FEW, MOST, 1), (2, 64 * MOST, 1),
    ):  # fmt: skip
        length = multiplications // rows // 64
        assert product(Matrix(rows, length), Matrix(length, 64)) == expected
        assert three_cores == [3]
    for weights, expected in ((LEAST, 1), (ONE_ROW // 2, 1), (ONE_ROW, 3), (64 * MOST, 3)):
        assert product(Matrix(1, weights // 64), Matrix(weights // 64, 64)) == expected
        assert product(Matrix(64, weights // 64), Matrix(weights // 64, 1)) == expected
    with pytest.raises(ValueError, match="don't fit"):
        product(Matrix(1, LEAST), Matrix(1, 1))
    assert three_cores == [3]
    three_cores[0] = 1
    assert product(Matrix(1, LEAST), Matrix(LEAST, 1)) == 1


def test_several_threads_do_it(three_cores):
    meeting, threads = threading.Barrier(3, timeout=10), set()

    def work(part):
        meeting.wait()  # nobody gets past it alone
        threads.add(threading.get_ident())

    share(work, range(3))
    assert len(threads) == 3


def test_work_within_work_stays_on_its_thread(three_cores):
    found = []

    def inner(part):
        found.append(threading.get_ident() == part)

    def outer(part):
        share(inner, [threading.get_ident()] * 4)

    share(outer, range(6))
    assert found == [True] * 24


@pytest.mark.parametrize("threads", [1, 3])
def test_an_error_comes_back_and_ends_the_work(three_cores, threads):
    three_cores[0] = threads
    done = []

    def work(part):
        if part == 5:
            raise IndexError("part 5")
        done.append(part)

    with pytest.raises(IndexError, match="part 5"):
        share(work, range(10_000))
    assert len(done) < 10_000
    assert three_cores == [threads]
    share(done.append, [-1, -2])
    assert {-1, -2} <= set(done)


def test_the_callers_errstate_holds_everywhere(three_cores):
    meeting, x = threading.Barrier(3, timeout=10), np.zeros(2)

    def work(part):
        meeting.wait()
        assert np.isnan(x / x).all()

    with np.errstate(invalid="ignore"):
        share(work, range(3))
    with np.errstate(invalid="raise"), pytest.raises(FloatingPointError):
        share(lambda part: x / x, range(3))


def test_no_part_is_kept(three_cores):
    import gc
    import weakref

    class Part:
        pass

    parts = [Part() for _ in range(9)]
    gone = [weakref.ref(part) for part in parts]
    share(lambda part: None, parts)
    del parts
    gc.collect()
    assert not any(ref() for ref in gone)


def test_blas_has_one_thread_meanwhile():
    before, found = cores(), []
    share(lambda part: found.append(cores()), range(4))
    assert found == [1] * 4 or before == 1
    assert cores() == before


def test_blas_of_the_wheels_is_found():
    if "openblas" not in str(np.show_config("dicts")["Build Dependencies"]["blas"]["name"]):
        pytest.skip("this NumPy is not linked to OpenBLAS")
    assert module._blas() is not module._single
    assert cores() >= 1


@pytest.mark.skipif(sys.platform != "linux", reason="processes are forked on Linux only")
@pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning")
def test_a_forked_process_has_helpers_of_its_own(three_cores):
    share(lambda part: None, range(3))

    def child():
        done = []
        share(done.append, range(50))
        sys.exit(0 if sorted(done) == list(range(50)) else 1)

    process = multiprocessing.get_context("fork").Process(target=child)
    process.start()
    process.join(20)
    assert process.exitcode == 0


def test_scratch_is_used_again_and_each_threads_own():
    first = scratch((3, 4), np.float32)
    assert first.shape == (3, 4)
    assert first.dtype == np.float32
    assert np.shares_memory(first, scratch((2,), np.float64))
    others = []
    thread = threading.Thread(target=lambda: others.append(scratch((3, 4), np.float32)))
    thread.start()
    thread.join()
    assert not np.shares_memory(first, others[0])
    assert scratch((0, 3), np.float64).shape == (0, 3)
    for size in (module._own.memory.size + 1, 100):
        assert scratch((size,), np.uint8).ctypes.data % 64 == 0


def test_what_is_laid_out_lies_in_this_threads_scratch_memory():
    first = laid_out("here", lambda: scratch((8,), np.float32))
    assert laid_out("here", lambda: None) is first
    assert np.shares_memory(first, scratch((2,), np.float64))
    others = []
    thread = threading.Thread(
        target=lambda: others.append(laid_out("here", lambda: scratch((8,), np.float32)))
    )
    thread.start()
    thread.join()
    assert not np.shares_memory(first, others[0])
    larger = scratch(
        (module._own.memory.size + 1,), np.uint8
    )  # other memory: nothing lies in the old any more
    assert np.shares_memory(laid_out("here", lambda: scratch((8,), np.float32)), larger)
    for i in range(3 * LAID):
        laid_out(i, lambda: ())
    assert len(module._own.laid) <= LAID


def test_large_scratch_is_not_kept():
    scratch((1,), np.float32)
    assert scratch((KEPT + 1,), np.uint8).base is None
    assert module._own.memory.size <= KEPT


def test_without_more_threads_the_caller_does_it_all(three_cores, monkeypatch):
    def refuse(thread):
        raise RuntimeError("can't start new thread")

    monkeypatch.setattr(module, "_helpers", [])
    monkeypatch.setattr(threading.Thread, "start", refuse)
    done = []
    share(done.append, range(5))
    assert done == [0, 1, 2, 3, 4]
    assert three_cores == [3]
