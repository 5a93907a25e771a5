# SPDX-License-Identifier: GPL-3.0-or-later
"""Where the sandbox listens."""

from __future__ import annotations

import socket

from sandbox.ground.identity import Identity

ADDRESS = "127.0.0.1"


def port_for(identity: Identity) -> int:
    """The port of one checkout's sandbox: always the same, unless somebody else has it."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((ADDRESS, identity.port))
        except OSError:
            probe.bind((ADDRESS, 0))
        return int(probe.getsockname()[1])
