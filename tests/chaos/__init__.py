"""The conveyor under fire: real servers, real workers, kill -9 and crashes; ten questions in SQL afterwards.

`python -m tests.chaos` (or `make chaos`) runs all of it; the short forms are among the tests.
"""
