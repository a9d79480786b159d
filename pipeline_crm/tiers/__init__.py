"""What the admin draws: pipelines, tiers, seats, steps, lists of words, working calendars, rungs.

Looks down on users only. A seat's grants in django-guardian follow the seat by a database trigger.
"""
