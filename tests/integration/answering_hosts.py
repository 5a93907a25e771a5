# SPDX-License-Identifier: GPL-3.0-or-later
"""Hosts that ssh reaches, where there is an API only: a folder stands in for their disk.

What the role puts on them is put there. What the role's programs find out, a test tells.
"""

from __future__ import annotations

import json
import shutil
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from failing_over import TOLD

from playbooks import ROOT

# Runs what is asked for, but in the folder, as who runs the test, and of the programs `tell.py`.
SSH = r"""#!{python}
import os, re, subprocess, sys

command = sys.argv[-1]
if not command.startswith(("/bin/sh -c ", "dd ")):
    sys.exit(0)
place = {{**os.environ, "HOME": "{folder}", "PATH": "{folder}:" + os.environ["PATH"]}}
piped = None
if "python3" in command:
    # What is piped comes only once it has become another user.
    for word in re.findall("BECOME-SUCCESS-[a-z]+", command):
        print(word, flush=True)
    text = sys.stdin.read()
    text = text.replace('"-I", "/usr/local/lib/phoenix/recovery.py"', '"-I", "{folder}/tell.py"')
    text = re.sub("/(etc|usr/local/lib|var/lib)/phoenix", r"{folder}/\1", text)
    piped = re.sub('"(owner|group)": "root"', r'"\1": null', text).encode()
# Where the user of ssh has no home, what is a name for one is a folder here.
ran = subprocess.run(["sh", "-c", command], input=piped, env=place, cwd="{folder}")
sys.exit(ran.returncode)
"""
SUDO = """#!/bin/sh
while [ "$1" != /bin/sh ]; do shift; done
exec "$@"
"""
# All that is asked for is installed.
DPKG = """#!/bin/sh
shift 2
for package in "$@"; do echo "installed $package"; done
"""
TELL = """
import json, sys

given = json.load(sys.stdin)
told = json.load(open("{folder}/told.json"))
print(json.dumps({{"proof": given["operation"]}} | told[sys.argv[1]]))
"""
PROGRAMS = {"ssh": SSH, "sudo": SUDO, "dpkg-query": DPKG, "tell.py": TELL}
# Program -> what it tells where all is well, up to the proof.
WELL: Mapping[str, Mapping[str, Any]] = {
    "point": TOLD["intake"],
    "proof": {"in_recovery": False},
    "thaw": TOLD["thaw"],
}


class Hosts:
    """What programs on them tell from now on."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.tell()

    def tell(self, **other: Mapping[str, Any]) -> None:
        """All is well, but for these programs, which tell this."""
        (self.folder / "told.json").write_text(json.dumps({**WELL, **other}))


@pytest.fixture
def hosts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Hosts:
    """Builders are reached as above."""
    folder = tmp_path / "host"
    for part in ("etc", "usr/local/lib", "var/lib"):
        (folder / part).mkdir(parents=True)
    for name, text in PROGRAMS.items():
        (folder / name).write_text(text.format(folder=folder, python=sys.executable))
        (folder / name).chmod(0o755)
    # As an image of a release has them.
    for role in ("database", "dr_site", "web_host"):
        for program in (ROOT / "roles" / role / "files").glob("*.py"):
            shutil.copy(program, folder / "usr/local/lib")
    monkeypatch.setenv("ANSIBLE_SSH_EXECUTABLE", str(folder / "ssh"))
    monkeypatch.setenv("ANSIBLE_SSH_TRANSFER_METHOD", "piped")
    return Hosts(folder)
