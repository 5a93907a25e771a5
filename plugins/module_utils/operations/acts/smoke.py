# Copyright: (c) 2026, the Phoenix authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The site is to answer by its real name, from hosts that are launched for it: what would keep it
from that is found before anything is begun, for after the promotion there is no way back.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from fnmatch import fnmatchcase
from typing import Any

from ...aws.errors import Meaning, meaning, status
from ...aws.view import View
from ...tiers.key_policy import SCALING
from ..errors import OutOfOrder
from ..manifest import known
from .stage import Stage

GRANT = "kms:creategrant"


def ready(stage: Stage) -> None:
    """Raises OutOfOrder where the key lets Auto Scaling launch no host, or the balancer has no
    certificate. What the region does not tell stops nothing.
    """
    wrong = "; ".join(filter(None, _told(stage)))
    if wrong:
        raise OutOfOrder(
            f"what stands by could not serve: {wrong}",
            f"playbook site with --limit {stage.scope.site} mends it; then run the same playbook "
            "again",
        )


def _told(stage: Stage) -> Iterator[str]:
    # One that throttles or is silent must not hold up a failover.
    view = View(stage.here.hasty())
    for look in LOOKS:
        try:
            yield look(stage, view)
        except Exception as error:
            if not status(error) and meaning(error) is not Meaning.UNCLEAR:
                raise


def _key(stage: Stage, view: View) -> str:
    alias = stage.scope.key_alias
    found = view.call("kms", "describe_key", KeyId=alias)
    if not found:
        return f"there is no key {alias}"
    key = found["KeyMetadata"]
    if key["KeyState"] != "Enabled":
        return f"key {alias} is {key['KeyState']}"
    answer = view.call("kms", "get_key_policy", KeyId=key["KeyId"], PolicyName="default")
    if any(map(_lets_launch, _all(json.loads(answer["Policy"]).get("Statement")))):
        return ""
    return f"the policy of key {alias} lets Auto Scaling start no host, whose disk needs it"


def _lets_launch(statement: Mapping[str, Any]) -> bool:
    """Whoever has written it, under whatever name."""
    actions = _all(statement.get("Action"))
    grants = any(fnmatchcase(GRANT, str(action).lower()) for action in actions)
    return statement.get("Effect") == "Allow" and SCALING in json.dumps(statement) and grants


def _all(told: Any) -> list[Any]:
    """What a policy may write as a list of one, or as that one."""
    return told if isinstance(told, list) else [told] if told else []


def _certificate(stage: Stage, view: View) -> str:
    balancer = known(stage.manifest, stage.scope.site).get("load_balancer/main", {}).get("arn")
    if not balancer:
        return ""
    listeners = view.pages("elbv2", "describe_listeners", "Listeners", LoadBalancerArn=balancer)
    arns = [each["CertificateArn"] for one in listeners for each in one.get("Certificates", ())]
    found = [view.call("acm", "describe_certificate", CertificateArn=arn) for arn in arns]
    in_force = any(one and one["Certificate"]["Status"] == "ISSUED" for one in found)
    return "" if in_force else f"the balancer in {stage.scope.region} has no certificate in force"


LOOKS: tuple[Callable[[Stage, View], str], ...] = (_key, _certificate)
