"""Sums for those who steer: the team page and the whole conveyor on one page.

Looks down on all stages and owns no facts.
"""
