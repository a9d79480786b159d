"""People who sign in: the user and their language, how they come in, how long they stay, and what ends when they leave.

The ground floor: looks down on nothing.
"""
