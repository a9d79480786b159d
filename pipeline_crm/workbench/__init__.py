"""What one person sees across the stages: my work, search, notices, the frame of every page.

Looks down on all stages.
"""
