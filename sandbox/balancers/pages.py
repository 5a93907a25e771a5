# SPDX-License-Identifier: GPL-3.0-or-later
"""What load balancers of AWS answer by themselves."""

from __future__ import annotations

SERVER = "awselb/2.0"
TITLES = {
    301: "Moved Permanently",
    302: "Found",
    400: "Bad Request",
    405: "Method Not Allowed",
    408: "Request Time-out",
    413: "Request Entity Too Large",
    500: "Internal Server Error",
    501: "Not Implemented",
    502: "Bad Gateway",
    503: "Service Temporarily Unavailable",
    504: "Gateway Time-out",
    561: "Unauthorized",
}
# The errors that HAProxy makes itself.
ERRORS = (400, 405, 408, 413, 500, 501, 502, 503, 504)


def page(title: str) -> str:
    """The body of an answer with a title such as `502 Bad Gateway`."""
    return (
        f"<html>\r\n<head><title>{title}</title></head>\r\n<body>\r\n"
        f"<center><h1>{title}</h1></center>\r\n</body>\r\n</html>\r\n"
    )


def title(status: int) -> str:
    return f"{status} {TITLES[status]}"
