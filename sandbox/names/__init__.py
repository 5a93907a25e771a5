# SPDX-License-Identifier: GPL-3.0-or-later
"""What the names of the account answer: hosted zones, and the names that AWS itself gives.

`lookup` finds an answer among plain records and knows neither the emulator nor the DNS protocol;
`messages` puts it into the protocol, `listening` on sockets, in any network namespace. Which zones
there are and what is healthy is asked of an `Account`, which a shim offers.
"""
