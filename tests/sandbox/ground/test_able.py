# SPDX-License-Identifier: GPL-3.0-or-later
"""What a machine lacks is named, installed where that can be, and never in the way of the API."""

from __future__ import annotations

from pathlib import Path

import pytest

from sandbox.__main__ import equip
from sandbox.ground import able
from sandbox.ground.commands import CommandFailed


def test_each_program_that_is_absent_is_named_by_its_package(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(able, "find", lambda name: None)
    assert set(able.PROGRAMS.values()) <= set(able.missing())
    monkeypatch.setattr(able, "find", lambda name: f"/bin/{name}")
    assert not set(able.PROGRAMS.values()) & set(able.missing())


def test_who_is_not_root_is_told_so_and_installs_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(able.os, "geteuid", lambda: 1000)
    assert "root" in able.hindrance()
    assert not able.can_install()


def test_packages_that_cannot_be_had_leave_the_api(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def fail(packages: tuple[str, ...]) -> None:
        raise CommandFailed(("apt-get", "update"), 100, "no archive answers")

    monkeypatch.setattr(able, "missing", lambda also=None: ("podman",))
    monkeypatch.setattr(able, "can_install", lambda: True)
    monkeypatch.setattr(able, "install", fail)
    monkeypatch.setattr(able.os, "geteuid", lambda: 0)
    assert equip({}) == 0
    said = capsys.readouterr().out
    assert "no archive answers" in said
    assert "API-only on this machine: these packages are to be installed: podman" in said


@pytest.mark.parametrize("systemd", [True, False])
def test_a_package_with_a_service_never_starts_it(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, systemd: bool
) -> None:
    said: list[tuple[str, ...]] = []
    monkeypatch.setattr(able, "run", lambda *words, **_: said.append(words))
    monkeypatch.setattr(able, "SYSTEMD", tmp_path if systemd else tmp_path / "nothing")
    able.install(("haproxy", "podman"))
    (install,) = (words for words in said if words[:2] == ("apt-get", "install"))
    after = said[said.index(install) :]
    assert ("update-rc.d", "haproxy", "disable") in after
    assert ("update-rc.d", "podman", "disable") not in said
    held = ("systemctl", "mask", "--runtime", "haproxy")
    assert (held in said[: said.index(install)]) is systemd
    assert (("systemctl", "unmask", "--runtime", "haproxy") in after) is systemd


def test_further_programs_are_among_what_is_missing_unless_they_are_there() -> None:
    assert "no-such-package" in able.missing({"no-such-program": "no-such-package"})
    assert "a-shell" not in able.missing({"sh": "a-shell"})
