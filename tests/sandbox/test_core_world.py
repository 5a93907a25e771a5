# SPDX-License-Identifier: GPL-3.0-or-later
"""What the shims share, and that they fit the emulator."""

from __future__ import annotations

import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

import pytest

from sandbox.running import CHECKOUT
from sandbox.shims import mismatches, shims
from sandbox.times import STEPS
from sandbox.world import World
from sandbox.wrap import add, wrap


class Emulated:
    size = property(lambda self: 1)

    def grow(self, amount: int, twice: bool = False) -> int:
        return amount * (2 if twice else 1)


def test_later_is_at_once_at_speed_0_even_while_the_lock_is_held() -> None:
    world = World()
    done: list[str] = []
    with world.lock:
        world.later(world.seconds("db_multi_az"), lambda: done.append("made"), "a database")
        assert done == ["made"]


def test_a_step_takes_its_typical_time_divided_by_the_speed() -> None:
    assert World(60).seconds("nat_gateway") == pytest.approx(105 / 60)
    assert World(0).seconds("nat_gateway") == 0


def test_later_waits_for_the_lock_and_lists_what_it_waits_for() -> None:
    world, done = World(1000), threading.Event()
    with world.lock:
        world.later(0.01, done.set, "a thing")
        assert not done.wait(0.2)
        assert world.waiting() == ["a thing"]
    assert done.wait(10)
    assert world.waiting() == []


def test_a_reset_cancels_what_waits_and_tells_the_shims() -> None:
    world, told = World(1), []
    world.on_reset(lambda: told.append("reset"))
    world.later(3600, lambda: told.append("late"), "something slow")
    world.reset()
    assert told == ["reset"]
    assert world.waiting() == []


def test_an_action_that_fails_is_reported_with_its_label(
    capsys: pytest.CaptureFixture[str],
) -> None:
    World().later(0, lambda: 1 / 0, "the broken thing")
    assert "the broken thing failed" in capsys.readouterr().err


@pytest.mark.parametrize("speed", [-1.0, 1e-320, float("inf"), float("nan")])
def test_a_speed_that_makes_no_sense_is_refused(speed: float) -> None:
    with pytest.raises(ValueError, match="speed"):
        World(speed)


def test_every_step_has_its_times_in_order_and_says_where_they_are_from() -> None:
    for name, step in STEPS.items():
        assert 0 < step.low <= step.typical <= step.high, name
        kind = step.source.split(":")[0]
        assert kind in {"logs", "issue", "docs", "blog", "estimate", "sum"}, name


def test_every_step_is_one_that_something_takes() -> None:
    root = Path(__file__).parents[2] / "sandbox"
    texts = [path.read_text() for path in root.rglob("*.py") if path.name != "times.py"]
    assert [name for name in STEPS if not any(f'"{name}"' in text for text in texts)] == []


def test_a_wrapper_gets_the_original_bound_and_sees_every_instance() -> None:
    class Local(Emulated):
        pass

    existing = Local()

    @wrap(Local, "grow")
    def grow(original: Any, self: Any, *args: Any, **kwargs: Any) -> int:
        return int(original(*args, **kwargs)) + 100

    assert existing.grow(1, twice=True) == 102


def test_an_addition_is_refused_once_the_emulator_has_it() -> None:
    with pytest.raises(TypeError, match="grow exists"):
        add(Emulated, "grow")


@pytest.mark.parametrize(
    ("hook", "text"),
    [
        ((Emulated, "shrink", ()), "does not exist"),
        ((Emulated, "grow", ("percent",)), r"takes \(amount, twice\), expected \(percent"),
        ((Emulated, "size", ("amount",)), "is not a method"),
    ],
)
def test_a_hook_that_does_not_fit_is_named(hook: Any, text: str) -> None:
    with pytest.raises(AssertionError, match=text):
        assert mismatches([hook]) == []


def test_a_hook_may_name_only_the_leading_parameters() -> None:
    hooks: list[Any] = [(Emulated, "grow", ("amount",)), (Emulated, "size", ())]
    assert mismatches(hooks) == []


def test_every_shim_fits_the_installed_emulator_and_says_what_it_mends() -> None:
    for shim in shims():
        assert mismatches(shim.HOOKS) == [], shim.__name__
        assert shim.MENDED, shim.__name__
        for sentence in shim.MENDED:
            assert sentence.endswith("."), sentence


def test_the_differences_are_printed_as_a_list() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "sandbox", "differences"],
        cwd=CHECKOUT,
        capture_output=True,
        text=True,
        check=True,
    )
    for shim in shims():
        for sentence in shim.MENDED:
            assert f"- {sentence}\n" in done.stdout
