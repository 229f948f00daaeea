"""Make the default world, or what is missing of it."""

from typing import Any

from django.core.management.base import BaseCommand

from sandbox import world


class Command(BaseCommand):
    help = "Create the default sandbox realm with its authorities, ten personas and the demo register. Safe to repeat."

    def handle(self, *args: Any, **options: Any) -> None:
        realm = world.create()
        self.stdout.write(f"realm {realm.slug} is ready")
