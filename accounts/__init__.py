"""The farmer's work: a client who bought is kept and buys again.

Looks down on deals, leads and the conveyor. Crossing verbs from the deal live here.
"""
