"""Who read or did what that has to be answered for: an append-only journal, chained so that no line of it can be lost.

Looks down on tiers and users. Whatever shows, gives away or refuses something notes it here, in its own transaction.
Numbers and keyed hashes only: nothing here names a client, and no phone or address can be read out of it.
"""
