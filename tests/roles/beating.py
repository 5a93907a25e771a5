# SPDX-License-Identifier: GPL-3.0-or-later
"""A copy of a database beside it, and hosts that beat: what they tell another region."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any

from ansible_collections.operatingdev.phoenix.plugins.module_utils.aws.scope import Scope
from ansible_collections.operatingdev.phoenix.plugins.module_utils.tiers.web_role import permissions

from tests.roles.conftest import PATH
from tests.roles.databases import Database
from tests.sandbox.hosts.conftest import AWAY, HOME

COPY = "near"
BEAT = "select written_id, replicated_id from phoenix.beat()"
NEWEST = "select max(id) from phoenix.heartbeat"
UNIT = "phoenix-heartbeat"
FOLDER = "/etc/systemd/system"


class Beats:
    """A copy that streams from a database, and a host with the role's own programs and service."""

    def __init__(self, database: Database) -> None:
        self.database, self.remote = database, database.remote
        rds = self.remote.site.client("rds")
        [source] = rds.describe_db_instances()["DBInstances"]
        rds.create_db_instance_read_replica(
            DBInstanceIdentifier=COPY,
            SourceDBInstanceIdentifier=database.name,
            VpcSecurityGroupIds=[it["VpcSecurityGroupId"] for it in source["VpcSecurityGroups"]],
        )

        def copy() -> dict[str, Any]:
            [found] = rds.describe_db_instances(DBInstanceIdentifier=COPY)["DBInstances"]
            return dict(found)

        self.remote.site.until(lambda: copy()["DBInstanceStatus"] == "available")
        self._copy = copy()["Endpoint"]["Address"]

    def lag(self, seconds: int) -> None:
        """The copy receives all, and has it so much later."""
        strike = self.remote.site.cloud.strike
        strike("replica-lags", region=HOME, name=COPY, seconds=seconds)

    def beat(self) -> tuple[int, int | None]:
        """The id of a beat that the application writes, and of the one that the copy has."""
        [[written, replicated]] = self.database.ask("application", BEAT)
        return written, replicated

    def newest(self, **where: str) -> int:
        """The id of the newest beat of the database."""
        return int(self.database.ask("reader", NEWEST, **where)[0][0])

    def copied(self) -> int:
        """The id of the newest beat of the copy."""
        return self.newest(host=self._copy)

    def prepare(self) -> None:
        """Install what a host has, which may do what a host may and tells each second."""
        site = self.remote.site
        ssm, scope = site.client("ssm"), Scope("production", "home", HOME, "123456789012")
        for name, value in {"database_access": "write", "heartbeat_region": AWAY}.items():
            ssm.put_parameter(Name=f"{PATH}/{name}", Value=value, Type="String")
        key = scope.arn("kms", "key/*")
        policy = json.dumps(permissions(scope, scope), default=lambda _ref: key)
        site.client("iam").put_role_policy(RoleName="web", PolicyName="web", PolicyDocument=policy)
        variables = {
            "web_host_application": "shop",
            "web_host_database_authorities": site.cloud.facts()["database_ca"],
        }
        for tasks in ("configuration", "heartbeat"):
            self.remote.play(variables, role="web_host", tasks=tasks)
        self.remote.shell(
            "sed -i 's/^PUBLISH = .*/PUBLISH = 1.0/' /usr/local/lib/phoenix/heartbeat.py"
        )
        # Another host of the same image.
        self.remote.shell(f"cp {FOLDER}/{UNIT}.service {FOLDER}/other.service")
        self.remote.shell(f"systemctl daemon-reload && systemctl restart {UNIT}")
        self.says("beating")

    def says(self, text: str, unit: str = UNIT) -> None:
        """Wait until the last lines of a unit have a text."""
        self.remote.site.until(lambda: text in self.said(unit))

    def said(self, unit: str = UNIT) -> str:
        """All that a unit has said."""
        return self.remote.shell(f"journalctl -o cat -u {unit}")

    def told(self, name: str, statistic: str = "Maximum") -> list[float]:
        """What the other region knows of a metric of the last minutes, the newest last."""
        now = datetime.now(UTC)
        found = self.remote.site.client("cloudwatch", AWAY).get_metric_statistics(
            Namespace="Phoenix/Heartbeat",
            MetricName=name,
            Dimensions=[{"Name": "environment", "Value": "production"}],
            StartTime=now - timedelta(minutes=10),
            EndTime=now + timedelta(minutes=2),
            Period=60,
            Statistics=[statistic],
        )
        points = sorted(found["Datapoints"], key=lambda it: it["Timestamp"])
        return [float(it[statistic]) for it in points]
