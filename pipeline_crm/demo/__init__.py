"""The demo firm, made through the same actions as the pages use.

Looks down on all stages; refuses to run outside DEBUG unless told.
"""
