"""How the admin looks and what stands in its side bar."""

from typing import Any

from django.templatetags.static import static
from django.urls import reverse_lazy
from django.utils.translation import gettext_lazy as _

# The ink of the site's own pages, as steps of one hue.
INK = {
    "50": "oklch(0.977 0.004 266)",
    "100": "oklch(0.95 0.008 266)",
    "200": "oklch(0.9 0.012 266)",
    "300": "oklch(0.82 0.02 266)",
    "400": "oklch(0.7 0.05 266)",
    "500": "oklch(0.55 0.09 266)",
    "600": "oklch(0.42 0.09 266)",
    "700": "oklch(0.35 0.07 266)",
    "800": "oklch(0.3 0.05 266)",
    "900": "oklch(0.25 0.04 266)",
    "950": "oklch(0.2 0.03 266)",
}


def look(site_name: str) -> dict[str, Any]:
    """Unfold's settings; one list of pages, in the order in which a firm is set up."""
    return {
        "SITE_TITLE": site_name,
        "SITE_HEADER": site_name,
        "SITE_SUBHEADER": _("Structure and people"),
        "SITE_SYMBOL": "conveyor_belt",
        "SITE_URL": "/",
        "SHOW_HISTORY": True,
        "SHOW_VIEW_ON_SITE": False,
        "COLORS": {"primary": INK},
        "STYLES": [lambda request: static("structure/cards.css")],
        "SIDEBAR": {"show_search": False, "show_all_applications": False, "navigation": [_structure(), _back()]},
    }


def _structure() -> dict[str, Any]:
    return {
        "title": _("Set up"),
        "items": [
            _page(_("Pipelines"), "conveyor_belt", "tiers.view_pipeline", "admin:tiers_pipeline_changelist"),
            _page(_("People"), "group", "users.view_user", "admin:users_user_changelist"),
        ],
    }


def _back() -> dict[str, Any]:
    return {
        "title": _("Work"),
        "separator": True,
        "items": [{"title": _("Back to work"), "icon": "arrow_back", "link": "/"}],
    }


def _page(title: Any, icon: str, permission: str, name: str) -> dict[str, Any]:
    return {
        "title": title,
        "icon": icon,
        "link": reverse_lazy(name),
        "permission": lambda request: request.user.has_perm(permission),
    }
