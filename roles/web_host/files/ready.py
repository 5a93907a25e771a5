# Copyright: (c) 2026, the Phoenix authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Ask the application whether it is ready until it says so once, and then write a file.

As the startup probe of Kubernetes: once it was ready, only whether it lives decides, or an outage
of what all hosts need would make all of them unhealthy at once. It asks where the load balancer
does, and says each new reason once. It never gives up: how long is too long, others decide.
"""

from __future__ import annotations

import http.client
import sys
import time
from pathlib import Path

PATIENCE = 10.0  # seconds for an answer
PAUSE = 1.0  # seconds between two questions
EXCERPT = 300  # characters of an answer


def reason(port: int, path: str) -> str:
    """Why it is not ready; nothing where it is."""
    server = http.client.HTTPConnection("127.0.0.1", port, timeout=PATIENCE)
    try:
        server.request("GET", path, headers={"X-Forwarded-Proto": "https"})
        answer = server.getresponse()
        said = answer.read(EXCERPT).decode(errors="replace")
    except (OSError, http.client.HTTPException) as error:
        return f"{path} does not answer: {error}"
    finally:
        server.close()
    if 200 <= answer.status < 300:
        return ""
    return f"{path} answers {answer.status}: {' '.join(said.split())}"


def main(port: int, path: str, flag: Path) -> None:
    """Return when it was ready, and the file is there."""
    told = ""
    while why := reason(port, path):
        if why != told:
            print(f"not ready: {why}", flush=True)
            told = why
        time.sleep(PAUSE)
    flag.touch()
    print(f"ready: {path} has answered", flush=True)


if __name__ == "__main__":
    main(int(sys.argv[1]), sys.argv[2], Path(sys.argv[3]))
