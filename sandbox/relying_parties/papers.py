"""A page as a PDF, for what a service prints or has signed."""

import logging
import threading

logger = logging.getLogger(__name__)
# Pango is not made for two threads at once.
_one_at_a_time = threading.Lock()


def pdf(page: str) -> bytes | None:
    """Return an HTML page as a PDF; None where this machine can't make one (Pango is missing)."""
    try:
        import weasyprint
    except OSError as error:
        logger.warning("no PDF can be made here: %s", error)
        return None
    with _one_at_a_time:
        made: bytes = weasyprint.HTML(string=page).write_pdf(pdf_tags=True)
    return made
