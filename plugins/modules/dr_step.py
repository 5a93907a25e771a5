#!/usr/bin/python
# Copyright: (c) 2026, the Phoenix authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Module dr_step: one step of an operation that moves an environment to its other site."""

from __future__ import annotations

DOCUMENTATION = r"""
module: dr_step
short_description: Do one step of an operation, and write down that it is done
version_added: 0.1.0
description:
  - Looks whether the step is done, does it if not, and writes both into the journal of the
    operation, in the bucket of backups of the site that the environment moves to. After a run that
    was killed the same steps again go on where it stopped.
  - A failover asks nothing of the region that is given up, but to fence it, and nothing of services
    that are one for all regions. Requests that would are not sent.
  - A step that a host or another module does is begun by this module, and done once it is told what
    came of it.
  - The site is that which the environment moves to, or that which goes on serving. Role C(dr_site)
    has the steps in their order.
notes:
  - Needs what playbook C(site) has made, and its manifest.
author:
  - the Phoenix authors (@operatingdev)
extends_documentation_fragment:
  - operatingdev.phoenix.aws
  - operatingdev.phoenix.environment
  - operatingdev.phoenix.tiers.database
options:
  operation:
    description:
      - The operation. V(failover) moves an environment whose region is lost. V(switchover) moves it
        while both regions are there, and loses nothing. V(reprotect) makes of the site that served
        before one that stands by. V(rollback) has the site that served serve on, where the region
        that a switchover moves to is lost. V(drill) rehearses a failover in a copy of the one that
        does. V(refresh) makes a staging copy of production, and V(return) has the name of staging
        lead to the one before again.
    type: str
    choices: [failover, switchover, reprotect, rollback, drill, refresh, return]
    required: true
  step:
    description:
      - One of its steps.
    type: str
    choices:
      - open
      - decide
      - fence
      - intake
      - promote
      - secrets
      - thaw
      - proof
      - contents
      - sequences
      - logins
      - record
      - grade
      - scale
      - smoke
      - switch
      - names
      - lock
      - master
      - close
      - hold
      - freeze
      - caught
      - tell
      - retire
      - snapshot
      - orphans
      - remove
      - copies
      - protect
      - replica
      - led
      - claim
      - build
      - restore
      - clean
      - clear
      - mark
      - mask
      - prove
      - migrate
      - admit
      - probes
      - swap
      - back
      - abandon
    required: true
  confirm:
    description:
      - The name of the environment, typed by a person, for step V(decide).
    type: str
    default: ""
  reason:
    description:
      - Why the environment is moved, in a sentence. It is recorded.
    type: str
    default: ""
  accept_unfenced:
    description:
      - Whether step V(fence) goes on where nothing shows that the old database takes no writes any
        more. What it takes after the promotion the new one lacks.
    type: bool
    default: false
  resume:
    description:
      - Whether step V(open) goes on only with an operation that is under way, and begins none.
    type: bool
    default: false
  told:
    description:
      - What a host or another module has found or done, which the step is about.
    type: dict
    default: {}
  failed:
    description:
      - What has ended this run, for step V(close). The operation is not ended by it.
    type: str
    default: ""
  commit:
    description:
      - The commit for the record. Where that is empty, and the connection is local, it is that of
        the checkout in which the inventory is, with C(-dirty) behind it where files were changed.
    type: str
    default: ""
  recovery_point_seconds:
    description:
      - How many seconds of writes may be lost, for the report.
    type: int
    default: 60
  recovery_time_seconds:
    description:
      - Within how many seconds visitors are to be served again, for the report.
    type: int
    default: 3600
"""

EXAMPLES = r"""
- name: Write down why a run has ended, where an operation has been begun
  operatingdev.phoenix.dr_step:
    environment: production
    account_id: "123456789012"
    sites:
      home: {region: us-east-1, stands: home, cidr: 10.20.0.0/16}
      recovery: {region: us-west-2, stands: recovery, cidr: 10.21.0.0/16}
    site: recovery
    operation: failover
    step: close
    failed: the host in the region was lost
"""

RETURN = r"""
id:
  description: The operation, "" in a check of one that is not begun.
  returned: success
  type: str
  sample: 20261128T101500Z-failover-3f2a
operation:
  description: What the operation is, as its journal begins.
  returned: success
  type: dict
  sample: {operation: failover, from: home, to: recovery, operator: ada@laptop}
step:
  description: The name of the step.
  returned: success
  type: str
  sample: promote
title:
  description: The step in words.
  returned: success
  type: str
  sample: Promote the replica
needed:
  description:
    - Whether the operation has anything to do at the site. Where it has not, its steps do nothing.
  returned: success
  type: bool
said:
  description: Why it has not, "" where it has.
  returned: success
  type: str
done:
  description: Whether the step is done. One that somebody else does is not, until that is told.
  returned: success
  type: bool
evidence:
  description: What shows that it is done.
  returned: success
  type: dict
  sample: {instance: production-recovery-database, source: ""}
known:
  description: Of step V(open), what the manifest knows of the site, for modules that come later.
  returned: success
  type: dict
steps:
  description: Of step V(open), the steps of the operation in their order.
  returned: success
  type: list
  elements: dict
  contains:
    name:
      description: Its name.
      type: str
    title:
      description: What it is for, as an order.
      type: str
    by:
      description:
        - Who does it, where the module only records what that tells. V(host) with the name of a
          program, V(tier) with that of a role, or V(person) where one is asked.
      type: str
    at:
      description: The site of that host, V(to) or V(from).
      type: str
    hosts:
      description: Whether all hosts are to be there before it.
      type: bool
    play:
      description: In which play of a playbook it is done, where others come in between.
      type: int
ask:
  description: Of a step that somebody else does, what that has to know of earlier steps.
  returned: success
  type: dict
report:
  description:
    - Of steps V(close) and V(abandon), the report of the operation, sealed; of a run that has
      failed as far as it went, not sealed.
  returned: when the operation has ended, or the run has failed
  type: dict
page:
  description: The report as one page of HTML.
  returned: when the operation has ended, or the run has failed
  type: str
lines:
  description: The report in some lines.
  returned: when the operation has ended, or the run has failed
  type: list
  elements: str
question:
  description: Of step V(decide) in a check, what a person is asked.
  returned: in check mode
  type: str
"""

from ..module_utils.operations import perform
from ..module_utils.runner import arguments, run_step

ARGUMENTS = arguments(perform.FIELDS)


def main() -> None:
    run_step()


if __name__ == "__main__":
    main()
