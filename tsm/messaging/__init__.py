"""The two roles' interface: GlobalPlatform System Messaging by name, typed, and ready for two hosts."""

from tsm.messaging.functions import SeiTsm, SpTsm
from tsm.messaging.roles import LocalSeiTsm, LocalSpTsm
from tsm.messaging.wire import Remote, serve

__all__ = ["LocalSeiTsm", "LocalSpTsm", "Remote", "SeiTsm", "SpTsm", "serve"]
