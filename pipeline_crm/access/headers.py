"""Headers that keep other sites and the machine out, on every answer; and the one place where the strict content policy
is relaxed: the admin, whose pages are Unfold's and not ours."""

from collections.abc import Callable

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.csp import CSP

# What a page may ask of the machine it is shown on: passkeys, and nothing else.
PERMISSIONS = dict.fromkeys(("publickey-credentials-create", "publickey-credentials-get"), "(self)") | dict.fromkeys(
    (
        "accelerometer", "autoplay", "browsing-topics", "camera", "clipboard-read", "display-capture", "encrypted-media",
        "fullscreen", "geolocation", "gyroscope", "hid", "idle-detection", "local-fonts", "magnetometer", "microphone",
        "midi", "payment", "picture-in-picture", "screen-wake-lock", "serial", "storage-access", "usb",
        "xr-spatial-tracking",
    ),
    "()",
)  # fmt: skip
# On every answer, beside those that Django itself sets.
SAFE_HEADERS = {
    "X-Frame-Options": "DENY",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cross-Origin-Embedder-Policy": "require-corp",
    "Origin-Agent-Cluster": "?1",
    "Permissions-Policy": ", ".join(f"{name}={who}" for name, who in sorted(PERMISSIONS.items())),
    "X-Permitted-Cross-Domain-Policies": "none",
    "X-Robots-Tag": "noindex, nofollow",
}


class SafeHeadersMiddleware:
    """Sets the headers of `SAFE_HEADERS`, on files and refusals too."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        for name, value in SAFE_HEADERS.items():
            # Whatever a library would rather have: Unfold's pages would let themselves be framed.
            response.headers[name] = value
        return response


class AdminPolicyMiddleware:
    """Lets Unfold's scripts and styles run under the admin's address, and nowhere else."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        if request.path.startswith(reverse("admin:index")):
            # Django's own middleware, which is outside this one, looks for a policy under this name.
            response._csp_config = settings.SECURE_CSP | {  # type: ignore[attr-defined]
                "script-src": [CSP.SELF, CSP.UNSAFE_EVAL],
                "style-src": [CSP.SELF, CSP.UNSAFE_INLINE],
            }
        return response
