# SPDX-License-Identifier: GPL-3.0-or-later
"""Hosts that ssh reaches no more, where there is an API only."""

from __future__ import annotations

from pathlib import Path

import pytest

# Answers once, as a host does that has just booted, and is gone from then on; where a test holds
# it, only when that lets go.
SSH = """#!/bin/sh
for last in "$@"; do :; done
case "$last" in *python3*) ;; *) exit 0 ;; esac
echo >> {log}
if [ "$(wc -l < {log})" -gt 1 ]; then
  while [ -e {folder}/held ]; do sleep 0.1; done
  exit 255
fi
exec env "PATH={folder}:$PATH" sh -c "$last"
"""
SUDO = """#!/bin/sh
while [ "$1" != /bin/sh ]; do shift; done
exec "$@"
"""


@pytest.fixture
def lost(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """By ssh a builder is reached as above."""
    for name, text in (("ssh", SSH), ("sudo", SUDO)):
        program = tmp_path / name
        program.write_text(text.format(folder=tmp_path, log=tmp_path / "log"))
        program.chmod(0o755)
    monkeypatch.setenv("ANSIBLE_SSH_EXECUTABLE", str(tmp_path / "ssh"))
