"""Read once by the process from which all hands are forked."""

import gc

import django

django.setup()

import tests.chaos.cut  # noqa: E402
import tests.chaos.jobs  # noqa: E402, F401

# What is here now stays; a child that looks for rubbish among it would only copy it.
gc.freeze()
