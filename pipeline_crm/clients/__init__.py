"""Whom we sell to: the client and the normalised contact points they are found by.

Looks down on tiers and users. A client is seen only through a record that may be seen.
"""
