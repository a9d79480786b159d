"""Promises to people, checked."""
