"""People who sign in: the user, their language, and the middleware that speaks it.

The ground floor: looks down on nothing.
"""
