"""What a probe's outcome means to whoever runs the service: what was found, and what to do."""

from collections.abc import Mapping
from typing import NamedTuple

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from whitelist.models import ProbeResult

Kind, Outcome = ProbeResult.Kind, ProbeResult.Outcome


class Told(NamedTuple):
    """What was found, and what to do."""

    found: Promise
    remedy: Promise


KINDS: Mapping[str, Promise] = {
    Kind.NAME: _("名前解決"),
    Kind.TLS: _("TLSと証明書"),
    Kind.ASSET_LINKS: _("Androidアプリとの関連付け"),
    Kind.APP_SITE_ASSOCIATION: _("iOSアプリとの関連付け"),
    Kind.KEY_SET: _("公開鍵セット"),
}
OUTCOMES: Mapping[str, tuple[Promise, str]] = {
    Outcome.PASSED: (_("問題ありません"), "tag--success"),
    Outcome.FAILED: (_("直すところがあります"), "tag--error"),
    Outcome.UNREACHABLE: (_("つながりません"), "tag--warning"),
    Outcome.REFUSED: (_("確認しません"), "tag--warning"),
}
FINDINGS: Mapping[str, Told] = {
    # --- where we don't go
    "not_public": Told(
        _("この名前は、インターネットに公開されていないアドレスを指しています。"),
        _("DNSの登録を確かめ、A・AAAAレコードをすべて公開のアドレスにしてください。"),
    ),
    "not_an_address": Told(
        _("アドレスとして読み取れません。"),
        _("https:// で始まるアドレスを、省略せずに入力してください。"),
    ),
    "not_a_name": Told(
        _("ドメイン名のアドレスではありません。"),
        _("IPアドレスや localhost ではなく、公開のドメイン名で登録してください。"),
    ),
    "not_https": Told(
        _("https のアドレスではありません。"),
        _("https:// で始まるアドレスで登録し、転送先も https にしてください。"),
    ),
    "port_not_allowed": Told(_("使えないポート番号です。"), _("標準のポート（443）で公開してください。")),
    "credentials_in_address": Told(
        _("アドレスに利用者名やパスワードが入っています。"),
        _("@ より前の部分を取り除いてください。そのパスワードは、もう使わないでください。"),
    ),
    # --- nobody there
    "name_unknown": Told(
        _("この名前のアドレスが見つかりません。"),
        _("つづりを確かめ、DNSにA・AAAAレコードを登録してください。登録したばかりなら、しばらく待ってください。"),
    ),
    "not_connected": Told(
        _("サーバーが接続を受け付けません。"),
        _("サーバーが動いているか、ファイアウォールが443番ポートへの接続を止めていないかを確かめてください。"),
    ),
    "too_slow": Told(
        _("時間内に応答がありません。"),
        _("10秒以内に応答が終わるようにしてください。国内の特定の接続元だけを通していないかも確かめてください。"),
    ),
    "broken_off": Told(
        _("通信が途中で切れました。"), _("サーバーや負荷分散装置の記録で、切断の理由を確かめてください。")
    ),
    # --- TLS
    "tls_failed": Told(
        _("TLSの接続ができません。"), _("TLS 1.2以上を有効にし、443番ポートでTLSを使っているかを確かめてください。")
    ),
    "certificate_expired": Told(
        _("サーバー証明書の有効期限が切れています。"), _("証明書を更新し、サーバーに読み込ませてください。")
    ),
    "certificate_not_yet": Told(
        _("サーバー証明書は、まだ有効になっていません。"), _("証明書の有効期間の始まりを確かめてください。")
    ),
    "certificate_untrusted": Told(
        _("サーバー証明書の発行元を確かめられません。"),
        _("主なブラウザが信頼する認証局の証明書を使い、中間証明書も送るように設定してください。"),
    ),
    "certificate_wrong_name": Told(
        _("サーバー証明書が別の名前のものです。"),
        _("このドメイン名が subjectAltName に入った証明書を使ってください。"),
    ),
    "certificate_invalid": Told(
        _("サーバー証明書を確かめられません。"), _("証明書の内容と、発行元までのつながりを確かめてください。")
    ),
    # --- the answer
    "not_http": Told(
        _("HTTPの応答ではありません。"), _("このポートでウェブサーバーが動いているかを確かめてください。")
    ),
    "http_status": Told(
        _("ファイルを取得できません（HTTPの状態が200ではありません）。"),
        _("ファイルをこのアドレスに置き、ログインなしで読めるようにしてください。"),
    ),
    "redirect": Told(
        _("別のアドレスへ転送されます。"),
        _(
            "このアドレスで、転送せずに応答してください。アプリとの関連付けのファイルは、スマートフォンも転送をたどりません。"
        ),
    ),
    "too_large": Told(_("応答が大きすぎます。"), _("ファイルを256キロバイト以下にしてください。")),
    "compressed": Told(
        _("圧縮された応答が返ってきました。"),
        _("Accept-Encoding: identity の要求には、圧縮せずに応答してください。"),
    ),
    "not_json": Told(_("JSONとして読み取れません。"), _("ファイルの中身を、JSONの検査にかけて直してください。")),
    "malformed": Told(_("ファイルの形が決まりと違います。"), _("それぞれの仕様の例と見比べて、形を直してください。")),
    "app_missing": Told(
        _("登録するアプリが、ファイルに書かれていません。"),
        _("アプリの識別子（パッケージ名、またはチームID.バンドルID）を、ファイルに加えてください。"),
    ),
    "fingerprint_missing": Told(
        _("登録する署名証明書のSHA-256が、ファイルに書かれていません。"),
        _("アプリを配布するときの署名証明書のSHA-256を、sha256_cert_fingerprints に加えてください。"),
    ),
    "private_key_published": Told(
        _("秘密鍵が公開されています。"),
        _("すぐに取り除き、新しい鍵に替えてください。公開された鍵は、もう使えません。"),
    ),
    "no_usable_key": Told(
        _("使える鍵がありません。"),
        _("kid のついた、P-256の署名用の公開鍵を入れてください。"),
    ),
    "key_names_twice": Told(_("同じ kid の鍵が2つ以上あります。"), _("鍵ごとに、違う kid をつけてください。")),
}
# Of what was seen, what is shown: the name in the evidence, and its title.
EVIDENCE: Mapping[str, Promise] = {
    "addresses": _("アドレス"),
    "version": _("TLSの版"),
    "valid_until": _("証明書の有効期限"),
    "days_left": _("残りの日数"),
    "issuer": _("証明書の発行元"),
    "names": _("証明書の名前"),
    "status": _("HTTPの状態"),
    "media_type": _("形式"),
    "octets": _("大きさ（バイト）"),
    "sha256": _("応答のSHA-256"),
    "app": _("アプリ"),
    "missing": _("見つからないSHA-256"),
    "keys": _("鍵の数"),
    "usable": _("使える鍵（kid）"),
    "port": _("ポート番号"),
}
OWN = _("この環境の中のサービスなので、TLSは確かめていません。")
# A certificate that ends within so many days is pointed out, though nothing is wrong yet.
SOON = 30
SOON_TOLD = _("証明書の期限が近づいています。期限までに更新してください。")
