"""Starts the house on one machine: an embedded PostgreSQL, the demo and its processes.

Stands on the roof with the settings, which ask it where things lie; looks down on no room.
"""
