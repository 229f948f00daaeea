"""The counter: where a municipality orders certificates for cards, and learns what became of its orders."""

from ca.counter.order import LONGEST_LINE, Order, lines, read, reference_of
from ca.counter.outcome import outcomes
from ca.counter.placing import CHANGED, KNOWN, NEW, SAME, Placed, place

__all__ = [
    "CHANGED",
    "KNOWN",
    "LONGEST_LINE",
    "NEW",
    "SAME",
    "Order",
    "Placed",
    "lines",
    "outcomes",
    "place",
    "read",
    "reference_of",
]
