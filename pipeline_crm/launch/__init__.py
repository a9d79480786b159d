"""Starts the house on one machine: an embedded PostgreSQL, the demo and its processes. Nothing of ours imports it but the settings."""
