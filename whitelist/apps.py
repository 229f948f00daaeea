from django.apps import AppConfig


class WhitelistConfig(AppConfig):
    name = "whitelist"

    def ready(self) -> None:
        """Register the checks of the settings."""
        from whitelist import checks  # noqa: F401
