# SPDX-License-Identifier: GPL-3.0-or-later
"""`make run`: the application with a database of its own, both gone when it is stopped."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

from tests.postgres import NoServer, running
from tests.processes import TREE, alembic


def main() -> int:
    """Serve until Ctrl-C, or SIGTERM."""
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    port = os.environ.get("PORT") or "8000"
    try:
        with running() as server:
            server.sql("postgres", "create database crowdfund owner crowdfund")
            url = server.url("crowdfund")
            migrated = alembic("upgrade", "head", url=url)
            if migrated.returncode:
                print(migrated.stderr, file=sys.stderr)
                return 1
            print(f"http://127.0.0.1:{port} (Ctrl-C ends it, and forgets its pledges)", flush=True)
            gunicorn: list[str | Path] = [
                Path(sys.executable).with_name("gunicorn"),
                "--log-level",
                "warning",
            ]
            environment = {**os.environ, "DATABASE_URL": url}
            process = subprocess.Popen(gunicorn, cwd=TREE, env=environment)
            try:
                return process.wait()
            except KeyboardInterrupt:
                process.terminate()
                return process.wait()
    except NoServer as problem:
        print(problem, file=sys.stderr)
        return 1


if __name__ == "__main__":
    sys.exit(main())
