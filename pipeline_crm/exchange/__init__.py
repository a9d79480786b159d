"""Files in: lead exports of other systems, read row by row through the same act as the page.

Looks down on all stages.
"""
