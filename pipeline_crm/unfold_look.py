"""How the admin looks and what stands in its side bar."""

from typing import Any

from django.templatetags.static import static
from django.urls import reverse_lazy
from django.utils.translation import gettext_lazy as _
from django.utils.translation import gettext_noop

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

# Words of Unfold's and Django's own pages that have no Russian of theirs, or one that does not fit; ours is read first.
BORROWED = (
    gettext_noop("Add another %(verbose_name)s"),
    gettext_noop("Apply Filters"),
    gettext_noop("Clear all filters"),
    gettext_noop("Create new record"),
    gettext_noop("Dark"),
    gettext_noop("Filters"),
    gettext_noop("General"),
    gettext_noop("Light"),
    gettext_noop("No results found"),
    gettext_noop("Remove from sorting"),
    gettext_noop("Reset filters"),
    gettext_noop("Return to site"),
    gettext_noop("Select action"),
    gettext_noop("Select value"),
    gettext_noop("System"),
    gettext_noop("This item will be deleted."),
    gettext_noop("This page yielded into no results."),
    gettext_noop("Toggle dark/light mode"),
    gettext_noop("Toggle filter"),
    gettext_noop("Toggle password visibility"),
    gettext_noop("Toggle sidebar"),
    gettext_noop("Toggle sorting"),
    gettext_noop("Type to search"),
    gettext_noop("Yes, I’m sure"),
    gettext_noop("No, take me back"),
)


def look(site_name: str) -> dict[str, Any]:
    """Unfold's settings; one list of pages, in the order in which a firm is set up."""
    return {
        "SITE_TITLE": site_name,
        "SITE_HEADER": site_name,
        "SITE_SUBHEADER": _("Structure and people"),
        "SITE_SYMBOL": "conveyor_belt",
        "SITE_FAVICONS": [{"rel": "icon", "type": "image/svg+xml", "href": lambda request: static("sign.svg")}],
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
    # Every address begins with "/", so Unfold would always think that it is the page one is on.
    link = {"title": _("Back to work"), "icon": "arrow_back", "link": "/", "active": lambda request: False}
    return {"title": _("Work"), "separator": True, "items": [link]}


def _page(title: Any, icon: str, permission: str, name: str) -> dict[str, Any]:
    return {
        "title": title,
        "icon": icon,
        "link": reverse_lazy(name),
        "permission": lambda request: request.user.has_perm(permission),
    }
