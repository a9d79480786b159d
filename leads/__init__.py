"""The scout's work: a person with an interest becomes a lead worth a hunter's time.

Looks down on the conveyor; never knows what comes of a lead.
"""
