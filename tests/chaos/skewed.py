"""A Celery worker whose clock goes two hours ahead of everybody else's: the words after it are Celery's own."""

import os
import sys
from datetime import UTC, datetime, timedelta

import time_machine

if __name__ == "__main__":
    ahead = timedelta(hours=float(os.environ.get("CHAOS_AHEAD_HOURS", "2")))
    time_machine.travel(datetime.now(UTC) + ahead, tick=True).start()
    from celery.__main__ import main

    sys.exit(main())
