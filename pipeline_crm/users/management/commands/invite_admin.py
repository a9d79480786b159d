from __future__ import annotations

from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.urls import reverse
from django.utils import timezone

from pipeline_crm.users.actions import NotInvited, invite_administrator


class Command(BaseCommand):
    help = "Prints a link by which the first administrator comes in; it works once, for 24 hours."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--another", action="store_true", help="although there is an administrator already")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            token = invite_administrator(now=timezone.now(), another=options["another"])
        except NotInvited:
            raise CommandError(
                "There is an administrator already. With --another a link for one more is made."
            ) from None
        self.stdout.write(settings.SITE_URL + reverse("access:join", args=[token]))
