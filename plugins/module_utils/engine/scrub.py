# Copyright: (c) 2026, the Phoenix authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Takes secrets out of everything that leaves: results, diffs, errors, progress lines."""

from __future__ import annotations

import base64
import json
import urllib.parse
from collections.abc import Mapping
from typing import Any

HIDDEN = "********"


class Scrubber:
    """Knows the secret values of a run, in each spelling in which one could get out."""

    def __init__(self) -> None:
        self._texts: set[str] = set()

    def learn(self, secret: str) -> str:
        """Remembers a secret and answers it unchanged. Texts under 4 characters are not hidden."""
        if len(secret) >= 4:
            raw = secret.encode()
            self._texts |= {
                secret,
                json.dumps(secret)[1:-1],
                urllib.parse.quote(secret, safe=""),
                urllib.parse.quote_plus(secret),
                base64.b64encode(raw).decode(),
                base64.urlsafe_b64encode(raw).decode(),
            }
        return secret

    def clean(self, value: Any) -> Any:
        """The same value with every known secret replaced, at any depth, in keys too."""
        if isinstance(value, str):
            for text in sorted(self._texts, key=len, reverse=True):
                value = value.replace(text, HIDDEN)
            return value
        if isinstance(value, Mapping):
            return {self.clean(key): self.clean(item) for key, item in value.items()}
        if isinstance(value, (list, tuple)):
            return [self.clean(item) for item in value]
        return value
