"""How the lines of the journal hang together: what a hash is made of, and where that comes from.

Each person has a chain of their own, so that nobody waits for anybody else's line. At the commit, the database takes the
next number of the chain inside the lock of its head and hashes the line with the hash before it. The laws are
plain SQL in `migrations/0002_laws.py` and not django-pgtrigger's, whose triggers look away when a session asks them to
(`pgtrigger.ignore`).
"""

from __future__ import annotations

# A line as one unmistakable text, whatever the session's time zone or style of dates: JSON of PostgreSQL's own spelling.
TEXT = """jsonb_build_array({chain}, {number}, {line}.id, {line}.at AT TIME ZONE 'UTC', {line}.kind, {line}.by_id,
    {line}.about_id, {line}.pipeline_id, {line}.client_id, {line}.stage, {line}.record_id, {line}.traces,
    {line}.detail)::text"""
