"""Which address leads into which room."""

from django.contrib import admin
from django.urls import include, path

from pipeline_crm.access.addresses import change_address
from pipeline_crm.access.factors import remove_codes, remove_key
from pipeline_crm.health import healthz

urlpatterns = [
    path("healthz", healthz, name="healthz"),
    path("admin/", admin.site.urls),
    # The word “accounts” belongs to the farmer's stage, so sign-in lives elsewhere.
    # Three pages of allauth stand behind doors of ours, which come first.
    path("auth/email/", change_address, name="account_email"),
    path("auth/2fa/totp/deactivate/", remove_codes, name="mfa_deactivate_totp"),
    path("auth/2fa/webauthn/keys/<int:pk>/remove/", remove_key, name="mfa_remove_webauthn"),
    path("auth/", include("allauth.urls")),
    path("", include("pipeline_crm.workbench.urls")),
    path("me/", include("pipeline_crm.access.urls")),
    path("leads/", include("leads.urls")),
    path("deals/", include("deals.urls")),
    path("accounts/", include("accounts.urls")),
    path("exports/", include("pipeline_crm.exchange.urls")),
    path("reports/", include("pipeline_crm.reports.urls")),
    path("requests/", include("pipeline_crm.erasure.urls")),
    path("oversight/", include("pipeline_crm.oversight.urls")),
]
