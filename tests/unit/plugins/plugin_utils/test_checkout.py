# SPDX-License-Identifier: GPL-3.0-or-later
"""The commit from which the controller works is found where the inventory is."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest
from ansible_collections.operatingdev.phoenix.plugins.plugin_utils import checkout


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """That of an inventory, which is committed."""
    folder = tmp_path / "inventories"
    folder.mkdir()
    (folder / "mine.yml").write_text("all: {}\n", "utf-8")
    git(tmp_path, "init", "--quiet")
    git(tmp_path, "add", ".")
    who = ("-c", "user.name=Ada", "-c", "user.email=ada@example.com")
    git(tmp_path, *who, "commit", "--quiet", "--message", "An inventory")
    # A tag is no commit.
    git(tmp_path, "tag", "v1")
    return folder


def git(folder: Path, *words: str) -> str:
    words = ("git", "-C", str(folder), *words)
    return subprocess.run(words, check=True, capture_output=True, text=True).stdout.strip()


def test_it_is_the_whole_name_of_the_commit(folder: Path) -> None:
    assert checkout.commit(str(folder)) == git(folder, "rev-parse", "HEAD")


def test_a_file_that_was_changed_since_is_told(folder: Path) -> None:
    (folder / "mine.yml").write_text("all: {hosts: {}}\n", "utf-8")
    assert checkout.commit(str(folder)) == git(folder, "rev-parse", "HEAD") + "-dirty"


def test_out_of_a_checkout_or_without_git_there_is_none(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert checkout.commit(str(tmp_path / "nowhere")) == ""
    monkeypatch.setenv("PATH", str(tmp_path))
    assert checkout.commit(str(folder)) == ""
