"""How fast the pages and the sweep are, each beside a floor of its own; `make bench` runs it, docs/speed.md tells of it.

Looks down on everything, and nothing looks at it: what stands here never runs in production.
"""
