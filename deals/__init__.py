"""The hunter's work: a warm lead becomes a first purchase.

Looks down on leads and the conveyor. Crossing verbs from the lead live here, in the receiving room.
"""
