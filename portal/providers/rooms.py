"""What else an organisation's home leads to: each room beside this one adds its row."""

from dataclasses import dataclass

from django.utils.functional import Promise


@dataclass(frozen=True)
class Room:
    """A link of the home: the name of an address that takes the organisation alone, and what is there."""

    address: str
    title: Promise
    text: Promise


ROOMS: tuple[Room, ...] = ()
