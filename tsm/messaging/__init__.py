"""The two roles' interface: GlobalPlatform System Messaging by name, typed, and ready for two hosts."""
