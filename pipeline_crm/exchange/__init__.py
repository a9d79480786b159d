"""Files in and out: lead exports of other systems, read row by row through the same act as the page; and clients as a file,
for who has the right, made behind their back and fetched by nobody else.

Looks down on all stages.
"""
