"""What happened: movements and entries, append-only, and the tasks still to do.

Looks down on tiers, clients and users. Facts are stored here; sentences are made when read.
"""
