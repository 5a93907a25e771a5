# SPDX-License-Identifier: GPL-3.0-or-later
"""How gunicorn runs the application; what differs between hosts comes from the environment."""

from __future__ import annotations

import os
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))  # gunicorn reads this before it looks there itself

from crowdfund.settings import read_settings

settings = read_settings(os.environ)

wsgi_app = "crowdfund.app:create_app()"
bind = f"{settings.host}:{settings.port}"
worker_class = "gthread"
workers = settings.web_concurrency
threads = settings.web_threads
# Finish what was begun when told to end.
graceful_timeout = settings.graceful_timeout_seconds
# Longer than the proxy in front keeps a connection: it never sends into one that we just closed.
keepalive = settings.keep_alive_seconds
# The heartbeat's file must not wait for a disk.
worker_tmp_dir = "/dev/shm" if Path("/dev/shm").is_dir() else None
control_socket_disable = True
