from django.apps import AppConfig


class CaConfig(AppConfig):
    name = "ca"

    def ready(self) -> None:
        """Register the checks of the settings."""
        from ca import checks  # noqa: F401
