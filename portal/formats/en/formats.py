"""Dates and times in English, in the order in which Japan's letters in English have them."""

DATE_FORMAT = "j F Y"
DATETIME_FORMAT = "j F Y, G:i"
