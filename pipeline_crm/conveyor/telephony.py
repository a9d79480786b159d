"""The telephone system of the firm: asked to connect a person with a number, so that nobody need see the number.

One request to the one host that TELEPHONY_URL names, over TLS; redirects are not followed, and of the answer only the
status is read.
"""

from __future__ import annotations

from http.client import HTTPException, HTTPSConnection
from ssl import create_default_context
from urllib.parse import quote, urlsplit

from django.conf import settings
from django.utils.translation import gettext as _

from .errors import Refused

SECONDS = 5


def is_connected() -> bool:
    """Whether there is a telephone system to ask."""
    return bool(settings.TELEPHONY_URL)


def ring(number: str, *, person: str) -> None:
    """Lets a person's telephone ring and then the client's; says in words that it could not be done."""
    parts = urlsplit(settings.TELEPHONY_URL)
    asked = f"{parts.path or '/'}?{parts.query}" if parts.query else parts.path or "/"
    asked = asked.replace("{number}", quote(number, safe="")).replace("{person}", quote(person, safe=""))
    line = HTTPSConnection(parts.hostname or "", parts.port, timeout=SECONDS, context=create_default_context())
    try:
        line.request("GET", asked)
        status = line.getresponse().status
    except (OSError, HTTPException) as failure:
        raise Refused(_("The telephone system does not answer. Try again in a minute.")) from failure
    finally:
        line.close()
    if not 200 <= status < 300:
        raise Refused(_("The telephone system did not take the call. Tell your administrator."))
