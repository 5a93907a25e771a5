#!/usr/bin/python
# Copyright: (c) 2026, the Phoenix authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Module manifest: keep what an operation has to know of both sites."""

from __future__ import annotations

DOCUMENTATION = r"""
module: manifest
short_description: Keep what a failover has to know of both sites, at the site itself
version_added: 0.1.0
description:
  - Writes C(manifest/<site>.json) into the bucket of backups of the site. A failover reads it
    there while the region of the other site does not answer. It has the identifiers of everything,
    by site and address.
  - It is written only where it differs. A site of which nothing is handed over keeps what was known
    of it before.
notes:
  - Needs tier storage. Playbook C(site) runs it at its end.
author:
  - the Phoenix authors (@operatingdev)
extends_documentation_fragment:
  - operatingdev.phoenix.aws
  - operatingdev.phoenix.environment
options:
  knowledge:
    description:
      - What the last task of each site has answered as C(known), by site.
    type: dict
    required: true
  values:
    description:
      - Texts for the runbooks that are kept beside it, by name, such as C(domain).
    type: dict
    default: {}
"""

EXAMPLES = r"""
- name: The bucket comes first
  operatingdev.phoenix.storage:
    environment: production
    account_id: "123456789012"
    sites:
      home: {region: us-east-1, stands: home, cidr: 10.20.0.0/16}
    site: home
  register: storage_result

- name: Keep what is known
  operatingdev.phoenix.manifest:
    environment: production
    account_id: "123456789012"
    sites:
      home: {region: us-east-1, stands: home, cidr: 10.20.0.0/16}
    site: home
    knowledge:
      home: "{{ storage_result.known }}"
"""

RETURN = r"""
key:
  description: Where it is in the bucket of backups.
  returned: success
  type: str
  sample: manifest/recovery.json
runbooks:
  description:
    - What a person does by hand where no playbook can be run, in Markdown, by name of its file.
    - It is kept beside the manifest, and in the folder of reports where the controller runs the
      task.
    - Empty where the environment has one site only.
  returned: success
  type: dict
  sample: {"runbook-failover.md": "# Failover by hand ..."}
"""

from ..module_utils.operations import manifest
from ..module_utils.runner import arguments, run_manifest

ARGUMENTS = arguments(manifest.FIELDS)


def main() -> None:
    run_manifest()


if __name__ == "__main__":
    main()
