"""QR codes as pictures: whatever is in a link, the picture says it back."""

import pytest

from portal import qr
from tests.browser.qr_reader import read


@pytest.mark.parametrize(
    "text",
    [
        "https://jpki.example/handoff/qr/7/?s=bank&t=aB_-9",
        # Of what stands in a row, digits and capitals are packed their own way, three and two at a time.
        *(f"https://jpki.example/{'0' * 20}{digits}" for digits in ("", "1", "12", "123")),
        "HTTPS://JPKI.EXAMPLE/ABCDEFGHIJKLMNOPQRSTUVWXYZ",
        f"https://jpki.example/{'A' * 30}{'7' * 30}{'b' * 30}",
        "12345678901234567890123456789012345678901234567890" * 8,
    ],
)
def test_a_picture_says_the_text_that_it_was_made_of(text: str) -> None:
    assert read(qr.picture(text)) == text
