# SPDX-License-Identifier: GPL-3.0-or-later
"""Real PostgreSQL servers behind the database instances of the API.

The shims tell `World.databases` what is to be done (`orders`) and are told when it is done. Without
real databases time passes and nothing else happens (`interface.NoDatabases`); with them
(`real.RealDatabases`) each instance is one PostgreSQL in a container, in a network namespace of its
own with two cards: one in its VPC, and one in the network of RDS, over which replicas stream.
"""
