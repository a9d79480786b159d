"""What leaves the house: notices, written in the same transaction as the fact they tell of.

Looks down on tiers and users.
"""
