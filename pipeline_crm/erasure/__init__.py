"""What a client asks of the firm about their own data: a copy of it, and that it be erased; and the act that tells of it.

Looks down on all rooms, for a person's data lie in many. `declared` says of every text of the database who erases it.
"""
