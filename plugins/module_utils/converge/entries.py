# Copyright: (c) 2026, the Phoenix authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What runs have written of their leases of a site: parameters of Systems Manager in its region."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from typing import Any

from ..aws.errors import Meaning, meaning
from ..aws.scope import Scope
from ..aws.session import Aws
from ..engine.errors import EngineError
from .holder import Holder

TRIES = 5  # of a call that meets others
PAUSE = 1.0  # seconds between them


class Unleased(EngineError):
    """AWS refused what a lease needs."""

    code = "unleased"


@dataclass(frozen=True, slots=True)
class Entry:
    """What is written of a lease. version: grows with each renewal. age: seconds since that."""

    number: int
    version: int
    age: float
    holder: Holder

    @property
    def state(self) -> tuple[int, int, Holder]:
        """Differs between two entries unless they are one, and not renewed in between. Number and
        version begin anew where a lease was given back.
        """
        return self.number, self.version, self.holder


class Entries:
    """Those of the site of `aws`. Raises Unleased where AWS refuses, and what else AWS says."""

    def __init__(self, aws: Aws) -> None:
        self._aws = aws

    def look(self) -> list[Entry]:
        """By number: the highest one counts."""
        found: list[dict[str, Any]] = []
        more: dict[str, str] = {}
        while True:
            try:
                answer = self._aws.client("ssm").get_parameters_by_path(
                    Path=path(self._aws.scope), **more
                )
            except Exception as error:
                raise self._explained(error) from error
            found += answer["Parameters"]
            # A page may be empty and not be the last one.
            if not answer.get("NextToken"):
                break
            more = {"NextToken": answer["NextToken"]}
        now = _now(answer)
        return sorted((_entry(item, now) for item in found), key=lambda entry: entry.number)

    def put(self, number: int, holder: Holder, **more: Any) -> int:
        """Answers the version that was written: 1 where there was none."""
        answer = self._called(
            self._aws.client("ssm").put_parameter,
            Name=self._name(number),
            Value=holder.dumps(),
            Type="String",
            **more,
        )
        return int(answer["Version"])

    def drop(self, entry: Entry) -> bool:
        """Whether it is known to be gone.

        Sent once: what is repeated after a lost answer may hit what another run claimed meanwhile.
        """
        try:
            self._called(self._aws.once("ssm").delete_parameter, Name=self._name(entry.number))
        except Exception as error:
            if meaning(error) is Meaning.UNCLEAR:
                return False
            if meaning(error) is not Meaning.ABSENT:
                raise
        return True

    def _called(self, call: Callable[..., Any], **arguments: Any) -> Any:
        """The answer of a call that may meet others."""
        attempt = 0
        while True:
            attempt += 1
            try:
                return call(**arguments)
            except Exception as error:
                if meaning(error) is not Meaning.THROTTLED or attempt == TRIES:
                    raise self._explained(error) from error
            time.sleep(PAUSE)

    def _explained(self, error: Exception) -> Exception:
        """A refusal of AWS in the words of who runs a playbook; anything else as it is."""
        if meaning(error) is not Meaning.REFUSED:
            return error
        scope = self._aws.scope
        return Unleased(
            f"a run that writes needs the lease {path(scope)}, and AWS refused it: {error}",
            "allow ssm:GetParametersByPath, ssm:PutParameter, ssm:AddTagsToResource and "
            f"ssm:DeleteParameter on {scope.arn('ssm', f'parameter{path(scope)}*')}",
        )

    def _name(self, number: int) -> str:
        return f"{path(self._aws.scope)}/{number}"


def path(scope: Scope) -> str:
    """Below it are the site's leases, by number."""
    return f"/phoenix/{scope.environment}/{scope.site}/lease"


def _entry(item: dict[str, Any], now: float) -> Entry:
    number = item["Name"].rpartition("/")[2]
    return Entry(
        number=int(number) if number.isdecimal() else 0,
        version=int(item["Version"]),
        age=max(0.0, now - item["LastModifiedDate"].timestamp()),
        holder=Holder.loads(item["Value"]),
    )


def _now(answer: dict[str, Any]) -> float:
    """The time on AWS's clock: those of two machines that run playbooks need not agree."""
    date = answer["ResponseMetadata"]["HTTPHeaders"].get("date")
    return parsedate_to_datetime(date).timestamp() if date else time.time()
