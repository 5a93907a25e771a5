# SPDX-License-Identifier: GPL-3.0-or-later
"""Real proxies behind the application load balancers of the API.

The shims say what load balancers there are (`wanted`), and ask for the health of their targets.
Without real balancers nothing is asked (`interface.NoBalancers`); with them (`real.RealBalancers`)
each load balancer has a node in each of its subnets: an HAProxy in a network namespace of its own,
whose configuration (`settings`) follows the API, and whose health checks the API tells.
"""
