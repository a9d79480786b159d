"""The belt itself: the record that rides, the hand-off, assignment, clocks, the sweep.

Looks down on access, timeline, clients, outbox, tiers. Never knows which stage stands on it.
"""
