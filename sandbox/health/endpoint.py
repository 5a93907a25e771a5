# SPDX-License-Identifier: GPL-3.0-or-later
"""One attempt to get an answer of an endpoint, as a Route 53 health checker makes it."""

from __future__ import annotations

import http.client
import socket
import ssl
import time
from collections.abc import Callable
from dataclasses import dataclass
from ipaddress import ip_address

# Seconds of real time, whatever the speed: a slow machine is no unhealthy endpoint.
CONNECTING, CONNECTING_TCP, ANSWERING = 4.0, 10.0, 2.0
SEARCHED = 5120  # bytes of the body
_USUAL_PORTS = {"HTTP": 80, "HTTPS": 443}
_AGENT = "Amazon-Route53-Health-Check-Service (ref sandbox; report http://amzn.to/1vsZADi)"

# Makes a connection to an address and a port within so many seconds. Raises OSError if there is
# none, and NotReal where there is nothing of the sandbox at that address.
Connect = Callable[[str, int, float], socket.socket]


class NotReal(Exception):
    """Nothing real has that address: whether it would answer, nobody knows."""


@dataclass(frozen=True, slots=True)
class Endpoint:
    """What is to answer. `kind` is that of the health check (HTTP, HTTPS, …_STR_MATCH, TCP).

    Either `address` is given, or `host` is to be resolved. `interval` is in seconds of AWS,
    `threshold` a number of attempts.
    """

    kind: str
    address: str
    host: str
    port: int
    path: str = "/"
    search: str = ""
    sni: bool = False
    interval: float = 30.0
    threshold: int = 3

    @property
    def protocol(self) -> str:
        return self.kind.partition("_")[0]

    @property
    def host_header(self) -> str:
        """The name, with the port unless it is the protocol's usual one."""
        name = self.host or self.address
        return name if _USUAL_PORTS.get(self.protocol) == self.port else f"{name}:{self.port}"


@dataclass(frozen=True, slots=True)
class Outcome:
    """Whether an endpoint answered as it should, and how Route 53 would say it."""

    healthy: bool
    text: str


def loopback(address: str, port: int, timeout: float) -> socket.socket:
    """A connection within this machine's loopback; nothing else of it is the sandbox's."""
    if not ip_address(address).is_loopback:
        raise NotReal(address)
    return socket.create_connection((address, port), timeout)


def failed(text: str) -> Outcome:
    return Outcome(False, f"Failure: {text}")


TIMED_OUT = failed(
    "Connection timed out. The endpoint or the internet connection is down, or requests are being "
    "blocked by your firewall."
)


def attempt(endpoint: Endpoint, address: str, connect: Connect) -> Outcome:
    """Ask an endpoint once. Raises NotReal."""
    tcp = endpoint.protocol == "TCP"
    try:
        connection = connect(address, endpoint.port, CONNECTING_TCP if tcp else CONNECTING)
    except TimeoutError:
        return TIMED_OUT
    except OSError as problem:
        return failed(f"Resolved IP: {address}. {problem.strerror or problem}.")
    with connection:
        if tcp:
            return Outcome(True, "Success: TCP connection established")
        try:
            return _request(endpoint, connection)
        except TimeoutError:
            return failed(f"Resolved IP: {address}. The endpoint did not answer within 2 seconds.")
        except ssl.SSLError as problem:
            return failed(f"SSL alert {problem.reason or problem}".lower().replace("_", " "))
        except (OSError, http.client.HTTPException) as problem:
            return failed(f"Resolved IP: {address}. {type(problem).__name__}: {problem}.")


def _request(endpoint: Endpoint, connection: socket.socket) -> Outcome:
    connection.settimeout(ANSWERING)
    if endpoint.protocol == "HTTPS":
        connection = _secured(endpoint, connection)
    began = time.monotonic()
    asking = http.client.HTTPConnection(endpoint.host or endpoint.address, endpoint.port)
    asking.sock = connection
    path = endpoint.path if endpoint.path.startswith("/") else f"/{endpoint.path}"
    headers = {
        "Host": endpoint.host_header,
        "User-Agent": _AGENT,
        "Accept": "*/*",
        "Connection": "close",
    }
    asking.request("GET", path, headers=headers)
    answer = asking.getresponse()
    if time.monotonic() - began > ANSWERING:
        raise TimeoutError
    status = f"HTTP Status Code {answer.status}, {answer.reason}"
    if not 200 <= answer.status < 400:
        return failed(f"{status}.")
    if endpoint.search and endpoint.search.encode() not in answer.read(SEARCHED):
        return failed(f"{status}. The search string was not found in the first {SEARCHED} bytes.")
    return Outcome(True, f"Success: {status}")


def _secured(endpoint: Endpoint, connection: socket.socket) -> ssl.SSLSocket:
    """TLS over a connection. Route 53 looks at no certificate."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    name = endpoint.host if endpoint.sni and endpoint.host else None
    return context.wrap_socket(connection, server_hostname=name)
