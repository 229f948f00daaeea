"""What must not stand in a log: a hand-off's link is good for whoever reads it, as long as the hand-off lives."""

import logging
import re

LINK = re.compile(r"/handoff/[^/\s?\"']+")


class WithoutLinks(logging.Filter):
    """Cut the token out of every hand-off's address, wherever in a record it stands."""

    def filter(self, record: logging.LogRecord) -> bool:
        if "/handoff/" in (told := record.getMessage()):
            record.msg, record.args = LINK.sub("/handoff/…", told), ()
        return True
