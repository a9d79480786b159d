from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand

from pipeline_crm.access.factors import reseal_factors


class Command(BaseCommand):
    help = "Seals everything that is sealed in the database with the newest of DATA_KEYS; then the older keys can go."

    def handle(self, *args: Any, **options: Any) -> None:
        self.stdout.write(f"{reseal_factors()} second factors are sealed with the newest key.")
