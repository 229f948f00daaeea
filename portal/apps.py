from django.apps import AppConfig


class PortalConfig(AppConfig):
    name = "portal"

    def ready(self) -> None:
        """Register the checks of the settings."""
        from portal.accounts import passwords  # noqa: F401
        from portal.handoff import checks  # noqa: F401
