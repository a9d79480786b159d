from __future__ import annotations

from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from pipeline_crm.demo import story
from pipeline_crm.demo.people import FIRMS
from pipeline_crm.tiers.models import Pipeline


class Command(BaseCommand):
    help = (
        "Makes the demo firm: three pipelines, their people, and two months of history. Does nothing the second time."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--even-without-debug", action="store_true", help="seed although DEBUG is off; the passwords are public"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        """Seeds once; refuses where somebody might mistake it for the real thing."""
        if not settings.DEBUG and not options["even_without_debug"]:
            raise CommandError(
                "DEBUG is off, so this may be a real firm. The demo has public passwords; add --even-without-debug if you mean it."
            )
        if Pipeline.objects.filter(name__in=[firm.name for firm in FIRMS]).exists():
            self.stdout.write("The demo firm is here already.")
            return
        story.seed(now=timezone.now(), say=self._say)
        self.stdout.write("The demo firm is ready.")

    def _say(self, words: str) -> None:
        if self.stderr.isatty():
            self.stderr.write(f"\r{words} ", ending="")
