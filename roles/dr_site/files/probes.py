# Copyright: (c) 2026, the Phoenix authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What a host of a staging copy gets to: the sink of its mail, and nobody else."""

from __future__ import annotations

import http.client
import smtplib
import socket
import sys
import time
import urllib.request
from collections.abc import Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from email.message import EmailMessage
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

# Python leaves the program's own folder out where it is told to be isolated.
sys.path.insert(0, str(Path(__file__).parent))

from logins import Server
from sessions import LOOK

PATIENCE = 180.0  # seconds for the sink to be there, and for a mail to arrive
SILENCE = 5.0  # seconds after which nobody answers
AT_ONCE = 16
# A domain that nobody can have.
DOMAIN = "phoenix.invalid"


class Links(HTMLParser):
    """The names in a list of files."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found += [value or "" for name, value in attrs if (tag, name) == ("a", "href")]


def probes(_server: Server, given: Mapping[str, Any]) -> dict[str, Any]:
    """{"mail": {"operation", "arrived", "letters", "seconds", "said"}, "outside", "production":
    [{"to", "address", "how"}]}.

    {"sink": {"host", "mail", "letters"}}, the last two ports. {"outside", "production"}: each
    "name or address:port".
    """
    return {
        "mail": mailed(given["sink"], given["operation"]),
        "outside": tried(given["outside"]),
        "production": tried(given["production"]),
    }


def mailed(sink: Mapping[str, Any], operation: str) -> dict[str, Any]:
    """Whether a mail of this operation arrives. The sink may have been launched just now."""
    began = time.monotonic()
    sent, letters, said = False, 0, ""
    while True:
        try:
            if not sent:
                send(sink, operation)
                sent = True
            found = list(arrived(sink))
            letters = len(found)
            if any(f"<{operation}@{DOMAIN}>" in text for text in found):
                break
            said = f"it is not among the {letters} that did"
        except (OSError, smtplib.SMTPException, http.client.HTTPException) as trouble:
            said = f"{sink['host']}: {trouble}"
        if time.monotonic() - began > PATIENCE:
            return {"operation": operation, "arrived": False, "letters": letters, "said": said}
        time.sleep(LOOK)
    seconds = round(time.monotonic() - began, 1)
    return {"operation": operation, "arrived": True, "letters": letters, "seconds": seconds}


def send(sink: Mapping[str, Any], operation: str) -> None:
    """To somebody who would be a stranger, as a customer is."""
    letter = EmailMessage()
    letter["From"], letter["To"] = f"probe@{DOMAIN}", f"somebody@{DOMAIN}"
    letter["Subject"] = f"Probe of {operation}"
    letter["Message-ID"] = f"<{operation}@{DOMAIN}>"
    letter.set_content("Whoever reads this outside of staging has found a hole in it.\n")
    with smtplib.SMTP(sink["host"], sink["mail"], timeout=SILENCE) as server:
        server.send_message(letter)


def arrived(sink: Mapping[str, Any]) -> Iterator[str]:
    """What the sink has taken."""
    place = f"http://{sink['host']}:{sink['letters']}/"
    links = Links()
    links.feed(read(place))
    yield from (read(place + name) for name in links.found)


def read(url: str) -> str:
    with urllib.request.urlopen(url, timeout=SILENCE) as answer:
        return str(answer.read().decode(errors="replace"))


def tried(targets: Iterable[str]) -> list[dict[str, Any]]:
    """Of each address that a target has, what becomes of a connection to it."""
    with ThreadPoolExecutor(AT_ONCE) as pool:
        return [
            one for found in pool.map(lambda target: list(met(target)), targets) for one in found
        ]


def met(target: str) -> Iterator[dict[str, Any]]:
    """{"to", "address", "how"}. how: connected, refused, silence, or the trouble in words; address
    is "" where a name has none.
    """
    name, _colon, port = target.rpartition(":")
    try:
        found = socket.getaddrinfo(name, int(port), socket.AF_INET, socket.SOCK_STREAM)
    except OSError as trouble:
        yield {"to": target, "address": "", "how": str(trouble)}
        return
    for address in sorted({str(one[4][0]) for one in found}):
        yield {"to": target, "address": address, "how": connected(address, int(port))}


def connected(address: str, port: int) -> str:
    """refused is not closed: somebody there has answered."""
    try:
        with socket.create_connection((address, port), timeout=SILENCE):
            return "connected"
    except TimeoutError:
        return "silence"
    except ConnectionRefusedError:
        return "refused"
    except OSError as trouble:
        return str(trouble)
