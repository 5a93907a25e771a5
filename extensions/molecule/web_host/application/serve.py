# SPDX-License-Identifier: GPL-3.0-or-later
"""An application that says who it is."""

from __future__ import annotations

import http.server
import json
import os
from pathlib import Path


class Page(http.server.BaseHTTPRequestHandler):
    """The same answer on every path, with the folder that it runs in."""

    def do_GET(self) -> None:
        body = json.dumps({"path": self.path, "folder": str(Path.cwd().resolve())}).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


port = int(os.environ["PORT"])
http.server.ThreadingHTTPServer(("127.0.0.1", port), Page).serve_forever()
