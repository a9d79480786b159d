"""Promises about starting, checking and shipping the project."""
