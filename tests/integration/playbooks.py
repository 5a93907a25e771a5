# SPDX-License-Identifier: GPL-3.0-or-later
"""Playbooks as a user runs them, and what they say."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

from sandbox.running import Handle, connection

ROOT = Path(__file__).parents[2]


BIN = Path(sys.executable).parent


RECAP = re.compile(
    r"^(\w+) +: ok=(\d+) +changed=(\d+) +unreachable=(\d+) +failed=(\d+)", re.MULTILINE
)


class Playbooks:
    """Runs playbooks of the checkout against an emulated account."""

    def __init__(self, handle: Handle, folder: Path) -> None:
        self.handle = handle
        self.folder = folder

    def run(self, name: str, *options: str) -> subprocess.CompletedProcess[str]:
        command, environment = self.call(name, *options)
        return subprocess.run(
            command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False
        )

    def killed(self, name: str, rule: dict[str, Any], *options: str) -> int:
        """Runs a playbook that is killed, with all its workers, at the request the rule chooses."""
        command, environment = self.call(name, *options)
        # The shell waits until the account knows whom to kill, then becomes the playbook's run.
        process = subprocess.Popen(
            ["/bin/sh", "-c", 'read go; exec "$@"', "run", *command],
            cwd=ROOT,
            env=environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
            text=True,
        )
        self.handle.faults([{"effect": "kill", "pgid": process.pid, **rule}])
        process.communicate("go\n")
        return process.returncode

    def call(self, name: str, *options: str) -> tuple[list[str], dict[str, str]]:
        """The command and the environment by which a playbook is run."""
        command = [str(BIN / "ansible-playbook"), str(ROOT / f"playbooks/{name}.yml")]
        command += [
            "-i",
            str(ROOT / "inventories/sandbox"),
            "-e",
            f"site_report_folder={self.folder}",
        ]
        environment = {
            **os.environ,
            "SANDBOX_CONNECTION": str(connection(self.handle.endpoint, self.folder)),
            "ANSIBLE_CONFIG": str(ROOT / "ansible.cfg"),
            "ANSIBLE_COLLECTIONS_PATH": str(ROOT / ".cache/tree"),
        }
        return [*command, *options], environment

    def report(self, kind: str) -> dict[str, Any]:
        loaded: dict[str, Any] = json.loads((self.folder / f"production-{kind}.json").read_text())
        return loaded


def changed(done: subprocess.CompletedProcess[str]) -> dict[str, int]:
    """Changed tasks by site; an unsuccessful run fails the test with its output."""
    assert done.returncode == 0, done.stdout[-4000:] + done.stderr[-2000:]
    return {site: int(count) for site, _ok, count, *_rest in RECAP.findall(done.stdout)}


def planned(report: dict[str, Any]) -> set[tuple[str, str, str]]:
    """(site, address, action) of everything in a report."""
    return {
        (site, action["address"], action["action"])
        for site, found in report["sites"].items()
        for action in found["actions"]
    }
