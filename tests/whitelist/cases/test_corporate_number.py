"""The corporate number's check digit, against numbers that the National Tax Agency has published."""

import pytest

from whitelist.cases import corporate_number

# National Tax Agency, Digital Agency, Toyota Motor, National Police Agency... all public.
KNOWN = ("7000012050002", "8000012010038", "1180301018771", "4000012090001", "5010401067252", "9010401052465")


@pytest.mark.parametrize("number", KNOWN)
def test_a_number_in_use_is_right(number: str) -> None:
    assert corporate_number.is_valid(number)


@pytest.mark.parametrize("number", KNOWN)
def test_one_wrong_digit_is_found(number: str) -> None:
    for at, digit in enumerate(number):
        for other in "0123456789":
            # 9 and 0 are the same to a remainder by nine, which is the rule's and not ours.
            if other != digit and {other, digit} != {"0", "9"}:
                assert not corporate_number.is_valid(number[:at] + other + number[at + 1 :])


@pytest.mark.parametrize(
    "number", ["", "700001205000", "70000120500022", "0000012050002", "７000012050002", "70000120500O2"]
)
def test_what_is_no_number_is_none(number: str) -> None:
    assert not corporate_number.is_valid(number)


@pytest.mark.parametrize(
    "typed",
    [
        "７００００１２０５０００２",
        "7-0000-1205-0002",
        " 7 0000 1205 0002 ",
        "T7000012050002",
        "７ー００００－１２０５０００２",
    ],
)
def test_it_is_read_however_it_is_typed(typed: str) -> None:
    assert corporate_number.plain(typed) == "7000012050002"
