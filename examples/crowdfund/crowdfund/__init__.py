# SPDX-License-Identifier: GPL-3.0-or-later
"""A crowdfunding campaign's page, which takes pledges."""
