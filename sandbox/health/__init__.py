# SPDX-License-Identifier: GPL-3.0-or-later
"""Health checks of endpoints, run for real where there is an endpoint.

`endpoint` makes one attempt, `verdict` says what a row of attempts means, and `prober` makes them
again and again. All after
https://docs.aws.amazon.com/Route53/latest/DeveloperGuide/dns-failover-determining-health-of-endpoints.html
"""
