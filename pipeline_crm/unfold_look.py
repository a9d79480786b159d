"""How the admin looks and what stands in its side bar."""

from typing import Any

from django.templatetags.static import static
from django.urls import reverse_lazy
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

# The ink of the site's own pages, as steps of one hue.
INK = {
    "50": "oklch(0.977 0.004 266)",
    "100": "oklch(0.95 0.008 266)",
    "200": "oklch(0.9 0.012 266)",
    "300": "oklch(0.82 0.02 266)",
    "400": "oklch(0.76 0.05 266)",
    "500": "oklch(0.68 0.07 266)",
    "600": "oklch(0.42 0.09 266)",
    "700": "oklch(0.35 0.07 266)",
    "800": "oklch(0.3 0.05 266)",
    "900": "oklch(0.25 0.04 266)",
    "950": "oklch(0.2 0.03 266)",
}

# Words of the pages that Unfold, Django and allauth bring, which have no Russian of theirs, or one that does not fit;
# ours is read first. Marked with the lazy word: any other asks for the settings, and this is read while they are made.
BORROWED = (
    _("Add another %(verbose_name)s"),
    _("Add row"),
    _("After you've created a user, you’ll be able to edit more user options."),
    _("All applications"),
    _("Apply Filters"),
    _("Available shortcuts"),
    _("Changelist shortcuts"),
    _("Choose file to upload"),
    _("Clear all filters"),
    _("Click to cancel"),
    _("Click to download"),
    _("Command tool shortcuts"),
    _("Create new record"),
    _("Dark"),
    _("Date"),
    _(
        "Deleting the %(object_name)s '%(escaped_object)s' would require deleting the following protected related objects:"
    ),
    _(
        "Deleting the %(object_name)s '%(escaped_object)s' would result in deleting related objects, but your account doesn't have permission to delete the following types of objects:"
    ),
    _("Email"),
    _("False"),
    _("Filters"),
    _("Forgotten your password or username?"),
    _("General"),
    _("Global shortcuts"),
    _("Go back"),
    _("Image preview"),
    _("Light"),
    pgettext_lazy("field label", "Login"),
    _("Navigate"),
    _("Next"),
    _("No data"),
    _("No results found"),
    _("No, take me back"),
    _("Nothing matched your search"),
    _("Open command tool"),
    _("Open selection"),
    _("Open selection in new tab"),
    _("Open shortcuts list"),
    _("Previous"),
    _("Recent searches"),
    _("Record picture"),
    _("Remove from sorting"),
    _("Reset filters"),
    _("Return to site"),
    _("Run the selected action"),
    _("Search apps and models..."),
    _("Select"),
    _("Select action"),
    _("Select action to run"),
    _("- Select an option -"),
    _("Select currency"),
    _("Select record"),
    _("Select value"),
    _("Submit"),
    _("System"),
    _("This item will be deleted."),
    _("This page yielded into no results."),
    _("Toggle dark/light mode"),
    _("Toggle filter"),
    _("Toggle password visibility"),
    _("Toggle sidebar"),
    _("Toggle sorting"),
    _("True"),
    _("Type to search"),
    _("Username or email"),
    _("Welcome back to"),
    _("Yes, I’m sure"),
    _("You have been successfully logged out from the administration"),
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
            _page(_("Rules of assignment"), "alt_route", "tiers.view_rule", "admin:tiers_rule_changelist"),
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
