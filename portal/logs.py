"""What must not stand in a log: a link that is good for whoever reads it, as long as it lives."""

import logging
import re

LINK = re.compile(r"(/handoff/(?:screen/|qr/)?|/phone/opened/)[^/\s?\"']+(?:/\?[^\s\"']*)?")


class WithoutLinks(logging.Filter):
    """Cut the token out of the address of every hand-off and of a phone's pages, wherever in a record it stands."""

    def filter(self, record: logging.LogRecord) -> bool:
        if LINK.search(told := record.getMessage()):
            record.msg, record.args = LINK.sub(r"\1…", told), ()
        return True
