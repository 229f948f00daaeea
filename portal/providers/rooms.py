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
    Room(
        "credentials:list",
        gettext_lazy("接続用の鍵"),
        gettext_lazy("サービスがAPIにつなぐときの鍵を発行し、替え、無効にします。"),
    ),
    Room(
        "probes:overview",
        gettext_lazy("外から見た確認"),
        gettext_lazy("サービスのアドレスに外からつながるか、ファイルが正しく置かれているかを確かめます。"),
    ),
    Room(
        "verification:log",
        gettext_lazy("有効性確認の記録"),
        gettext_lazy("電子証明書について尋ねたことと、その答えの記録です。"),
    ),
    Room(
        "delegations:overview",
        gettext_lazy("プラットフォーム事業者への委任"),
        gettext_lazy("サービスの依頼と検証を任せる相手を記録し、いつでも終わらせられます。"),
    ),
)
