# SPDX-License-Identifier: GPL-3.0-or-later
"""An image is baked once, however many want it, and a baking that failed leaves nothing."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from sandbox.ground import images
from sandbox.ground.commands import CommandFailed

RECIPE = images.Recipe("sample", ("bash",), "true", "true", ())


def test_of_several_that_want_an_image_one_bakes_and_the_others_wait(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    bakings = []

    def bake(*words: str, timeout: float, environment: object) -> str:
        bakings.append(words)
        time.sleep(0.2)
        Path(words[-1]).write_text("root")
        return ""

    monkeypatch.setattr(images, "run", bake)
    with ThreadPoolExecutor(4) as several:
        baked = set(several.map(lambda _: images.bake(RECIPE, tmp_path), range(4)))
    assert baked == {tmp_path / RECIPE.archive}
    assert len(bakings) == 1


def test_a_baking_that_failed_leaves_no_archive_and_is_tried_again(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    def fail(*words: str, timeout: float, environment: object) -> str:
        Path(words[-1]).write_text("half")
        raise CommandFailed(words, 1, "no mirror")

    monkeypatch.setattr(images, "run", fail)
    for _ in range(2):
        with pytest.raises(CommandFailed, match="no mirror"):
            images.bake(RECIPE, tmp_path)
    assert not list(tmp_path.glob("*.tar*"))


def test_a_baking_has_its_files_in_the_cache_where_the_next_removes_what_a_kill_left(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    class Killed(BaseException):
        pass

    def bake(*words: str, timeout: float, environment: dict[str, str]) -> str:
        scratch = Path(environment["TMPDIR"])
        assert scratch.is_relative_to(tmp_path)
        assert not list(scratch.iterdir())
        (scratch / "root").mkdir()
        Path(words[-1]).write_text("root")
        return ""

    def die(*_: object) -> None:
        raise Killed

    monkeypatch.setattr(images, "run", bake)
    with monkeypatch.context() as patch:
        # After a kill nothing is tidied up either.
        patch.setattr("shutil.rmtree", lambda *_, **__: None)
        patch.setattr(Path, "rename", die)
        with pytest.raises(Killed):
            images.bake(RECIPE, tmp_path)
    assert [path.name for path in tmp_path.rglob("root")] == ["root"]
    images.bake(RECIPE, tmp_path)
    assert not list(tmp_path.rglob("root"))
    assert (tmp_path / RECIPE.archive).exists()
