"""What the console consists of: each room is a link of its navigation."""

import uuid
from dataclasses import dataclass

from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy


@dataclass(frozen=True)
class Room:
    """A room: the name of its address, its title, and what one does there."""

    address: str
    title: Promise
    text: Promise


@dataclass(frozen=True)
class Link:
    """A room as one page's navigation shows it: `here` on the room's own page, `inside` on those below."""

    room: Room
    url: str
    here: bool
    inside: bool


ROOMS: tuple[Room, ...] = (
    Room("workspace:overview", gettext_lazy("概要"), gettext_lazy("このワークスペースに何があるか。")),
    Room(
        "workspace:tour",
        gettext_lazy("ガイド"),
        gettext_lazy("鍵の登録から、自分の依頼の検証まで。できたかどうかは、記録を見て確かめます。"),
    ),
    Room(
        "workspace:trace",
        gettext_lazy("トレース"),
        gettext_lazy("API、画面、スマホ、チップ、TSM、認証局、OCSPのやりとりを、1本の時間の線で見ます。"),
    ),
    Room(
        "workspace:citizens",
        gettext_lazy("利用者とカード"),
        gettext_lazy("どのワークスペースにもいる10人と、自分で作った人。パスワードも、証明書の状態もわかります。"),
    ),
    Room(
        "workspace:phones",
        gettext_lazy("スマホの一覧"),
        gettext_lazy("スマホを作り、電子証明書を入れ、このブラウザーで使います。"),
    ),
    Room(
        "workspace:clock",
        gettext_lazy("時計"),
        gettext_lazy("このワークスペースの時間だけを動かします。期限も見直しもCRLも、いっしょに動きます。"),
    ),
    Room(
        "workspace:faults",
        gettext_lazy("障害"),
        gettext_lazy("署名が違う、OCSPが遅い、チップが途中で切れる。名前で起こして、応じ方を確かめます。"),
    ),
    Room(
        "workspace:inspector",
        gettext_lazy("インスペクター"),
        gettext_lazy("APIへのリクエストと答え。断られた理由と直し方がわかります。"),
    ),
    Room(
        "workspace:webhooks",
        gettext_lazy("Webhook"),
        gettext_lazy("変化を知らせる先と、送った記録。試しに送り、もう一度送れます。"),
    ),
    Room(
        "workspace:conformance",
        gettext_lazy("適合試験"),
        gettext_lazy("受け入れるべきものを受け入れ、拒むべきものを拒むか。署名付きの報告書が、登録の申請に付きます。"),
    ),
)


def rooms_of(organisation: uuid.UUID, path: str) -> list[Link]:
    """Return the console's rooms with their addresses, as seen from the page at `path`."""
    links = []
    for room in ROOMS:
        url = reverse(room.address, args=[organisation])
        inside = path.startswith(url) and (url != path) and room.address != "workspace:overview"
        links.append(Link(room, url, path == url, inside))
    return links
