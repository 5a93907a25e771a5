# Copyright: (c) 2026, the Phoenix authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Documentation of what an environment is to withstand, shared by the modules that look at it."""

from __future__ import annotations


class ModuleDocFragment:
    DOCUMENTATION = r"""
options:
  recovery_point_seconds:
    description:
      - The objective of the writes that a failover may lose, in seconds.
    type: int
    default: 60
  recovery_time_seconds:
    description:
      - The objective of the time that a failover may take, in seconds.
    type: int
    default: 3600
  drill_days:
    description:
      - The objective of the days in which a drill proves the way, and a refresh of staging that a
        backup can be restored.
    type: int
    default: 90
  smoke_write:
    description:
      - The path to which something is posted before traffic is moved, to see that hosts can write.
        Empty where nothing is.
    type: str
    default: ""
  controller:
    description:
      - The network from which hosts are reached on that day. Empty where a service on the internet
        is asked for it then.
    type: str
    default: ""
  commit:
    description:
      - The commit at hand. A drill proves that which it ran on. Where that is empty, and the
        connection is local, it is that of the checkout in which the inventory is, with C(-dirty)
        behind it where files were changed since.
    type: str
    default: ""
"""
