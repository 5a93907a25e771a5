#!/usr/bin/python
# Copyright: (c) 2026, the Phoenix authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Module dr_status: how an environment stands."""

from __future__ import annotations

DOCUMENTATION = r"""
module: dr_status
short_description: Tell how an environment stands, on one page
version_added: 0.1.0
description:
  - Tells which site serves since when and by which operation, whether the other one stands by, how
    old all is that a failover relies on, when the way was proven, which operation has not ended,
    when a refresh of staging has restored production last and how long that took, which staging
    copy serves and until when, and what is to be done.
  - What cannot be asked, as where a region does not answer, is not known; it fails only where no
    region answers.
  - At the site that serves it tells that it does, and looks at nothing.
  - Where the connection is local the page is also written into the folder of reports on the
    controller, in check mode too. In the account it writes nothing.
author:
  - the Phoenix authors (@operatingdev)
extends_documentation_fragment:
  - operatingdev.phoenix.aws
  - operatingdev.phoenix.environment
  - operatingdev.phoenix.tiers
  - operatingdev.phoenix.objectives
"""

EXAMPLES = r"""
# Of each site: the one that stands by tells it.
- name: Tell how the environment stands
  operatingdev.phoenix.dr_status:
    environment: production
    account_id: "123456789012"
    sites:
      home: {region: us-east-1, stands: home, cidr: 10.20.0.0/16}
      recovery: {region: us-west-2, stands: recovery, cidr: 10.21.0.0/16}
    site: recovery
    traffic: {domain: www.example.org}
"""

RETURN = r"""
readiness:
  description: V(pass) where a failover can be relied on, or else V(fail) or V(unknown).
  returned: success
  type: str
  sample: pass
facts:
  description:
    - C(environment), C(looked), C(commit), C(active), C(protection), C(replication), C(objectives),
      C(copies), C(drill), C(proof), C(unfinished), C(staging), C(restore) and C(next), as the page
      tells them.
    - Empty at the site that serves, and where nothing was ever built.
  returned: success
  type: dict
page:
  description: The page as HTML. Empty where it was written into a file.
  returned: success
  type: str
path:
  description: The file of the page on the controller.
  returned: where the connection is local and there is a page
  type: str
  sample: reports/production-status.html
report:
  description: The same in lines for people.
  returned: success
  type: list
  elements: str
"""

from ..module_utils.runner import run_status, status_arguments

ARGUMENTS = status_arguments()


def main() -> None:
    run_status()


if __name__ == "__main__":
    main()
