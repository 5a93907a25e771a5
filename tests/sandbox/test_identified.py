# SPDX-License-Identifier: GPL-3.0-or-later
"""Which operation a request asks for: found out by one thread at a time, and never a riddle."""

from __future__ import annotations

import threading
from pathlib import Path
from typing import Any

import pytest
from werkzeug.test import EnvironBuilder

from sandbox.application import Application
from sandbox.calls import Call, identify
from sandbox.request_log import RequestLog
from sandbox.world import World


def test_what_a_request_is_is_found_out_by_one_thread_at_a_time(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """The emulator keeps parts of a service's model in a way that two threads make wrong."""
    free: list[bool] = []
    world = World()

    def watched(*arguments: Any) -> Call:
        taken: list[bool] = []
        thread = threading.Thread(
            target=lambda: taken.append(world.lock.acquire(blocking=False)), name="other"
        )
        thread.start()
        thread.join()
        free.extend(taken)
        if taken[0]:
            pytest.fail("another thread may do the same meanwhile")
        return identify(*arguments)

    monkeypatch.setattr("sandbox.application.identify", watched)
    application = Application(world, RequestLog(tmp_path / "log"), frozenset({"us-east-1"}))
    environ = EnvironBuilder(path="/", method="GET").get_environ()
    b"".join(application(environ, lambda status, headers: None))
    assert free == [False]


@pytest.mark.parametrize("place", ["sandbox.application.identify", "sandbox.faults.Faults.decide"])
def test_what_breaks_before_the_emulator_is_asked_is_told_and_logged_as_its_own_fault(
    place: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    def breaks(*_: Any) -> None:
        raise KeyError("of the sandbox")

    monkeypatch.setattr(place, breaks)
    log = RequestLog(tmp_path / "log")
    application = Application(World(), log, frozenset({"us-east-1"}))
    environ = EnvironBuilder(path="/", method="GET").get_environ()
    statuses: list[str] = []
    told = b"".join(application(environ, lambda status, headers: statuses.append(status)))
    assert statuses == ["501 Not Implemented"]
    assert b"<Code>EmulatorError</Code>" in told
    assert b"of the sandbox" in told
    assert [entry["status"] for entry in log.since(0)] == [501]
