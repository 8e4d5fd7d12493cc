"""What is recorded is drawn again the same, and nobody else notices."""

import threading

from nnx.random import Generator, default_generator, recording, replaying, seed


def draw(generator):
    return generator.bits(2).tolist()


def test_replay_repeats_and_leaves_no_trace():
    generator, other = Generator(7), Generator(8)
    draw(generator)
    with recording() as states:
        first = [draw(generator), draw(generator), draw(other), draw(generator)]
    after = (generator.state, other.state)
    assert set(states) == {generator, other}
    assert states[generator]["counter"] == 1
    for _ in range(2):
        with replaying(states):
            assert [draw(generator), draw(generator), draw(other), draw(generator)] == first
    assert (generator.state, other.state) == after


def test_a_generator_that_was_not_used_is_not_recorded():
    generator = Generator(7)
    with recording() as states:
        pass
    draw(generator)
    assert states == {}
    with replaying(states):
        second = draw(generator)
    assert draw(generator) not in (second, draw(Generator(7)))


def test_recordings_nest():
    generator = Generator(7)
    with recording() as outer:
        first = draw(generator)
        with recording() as inner:
            second = draw(generator)
    assert outer[generator]["counter"] == 0
    assert inner[generator]["counter"] == 1
    with replaying(outer):
        assert draw(generator) == first
        with replaying(inner):
            assert draw(generator) == second
        assert draw(generator) == second


def test_recording_inside_a_replay_sees_the_replayed_states():
    generator = Generator(7)
    with recording() as states:
        first = draw(generator)
    draw(generator)
    with replaying(states), recording() as again:
        assert draw(generator) == first
    assert again == states


def test_seeding_inside_a_replay_ends_with_it():
    seed(1)
    with recording() as states:
        draw(default_generator())
    after = default_generator().state
    with replaying(states):
        seed(5)
        assert draw(default_generator()) == draw(Generator(5))
    assert default_generator().state == after


def test_a_replay_is_of_one_thread():
    generator = Generator(7)
    with recording() as states:
        first = draw(generator)
    second = draw(Generator(7)), draw(generator)
    seen = []
    with replaying(states):
        thread = threading.Thread(target=lambda: seen.append(draw(generator)))
        thread.start()
        thread.join()
        assert draw(generator) == first
    assert seen[0] not in second


def test_spawning_is_replayed_too():
    generator = Generator(7)
    with recording() as states:
        first = [child.state for child in generator.spawn(2)]
    with replaying(states):
        assert [child.state for child in generator.spawn(2)] == first
    assert generator.state["spawned"] == 2
