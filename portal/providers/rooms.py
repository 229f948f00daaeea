"""What else an organisation's home leads to: each room beside this one adds its row."""

from dataclasses import dataclass

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy


@dataclass(frozen=True)
class Room:
    """A link of the home: the name of an address that takes the organisation alone, and what is there."""

    address: str
    title: Promise
    text: Promise


ROOMS: tuple[Room, ...] = (
    Room(
        "onboarding:cases",
        gettext_lazy("登録の申請"),
        gettext_lazy("サービスを登録簿に載せる申請を書き、審査の状況を見ます。"),
    ),
)
