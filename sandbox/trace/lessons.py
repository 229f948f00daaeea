"""What a reader can learn from an event: why it is so, and where that is written."""

from collections.abc import Mapping
from dataclasses import dataclass

from sandbox.trace.ways import nearest


@dataclass(frozen=True)
class Lesson:
    """Why something is as it is, in Japanese and English, and the clause or file that says so."""

    ja: str
    en: str
    source: str = ""


LESSONS: Mapping[str, Lesson] = {
    "handoff.asked": Lesson(
        "サービスはAPIで「誰に何を求めるか」を登録し、リンクを1つ受け取ります。利用者に見せる名前や目的は、"
        "ここで送られたものではなく登録簿から出ます。だから、なりすました名前を送っても表示されません。",
        "The service registers what it asks and gets one link. What the citizen will read of the service comes "
        "from the register, never from this request: a false name can't be sent.",
        "docs/handoff.md",
    ),
    "handoff.refused": Lesson(
        "求めてよいかは、登録簿だけを見る1つの関数が決めます。主務大臣の認定がない、目的が登録されていない、"
        "戻り先が登録と違う、などの理由が1つだけ返ります。",
        "One pure function decides by the register alone whether the service may ask, and gives one reason when not.",
        "whitelist/access.py",
    ),
    "handoff.shown": Lesson(
        "スマホの画面に、求めているサービスと目的が出ました。ここから先へ進むかは、利用者だけが決めます。",
        "The phone shows who asks and for what. Whether it goes on from here is the citizen's alone.",
        "docs/handoff.md",
    ),
    "page.phone": Lesson(
        "スマホのブラウザーが、このシステムの画面を開きました。リンクは最初に開いたブラウザーのものになり、"
        "ほかのブラウザーでは使えません。",
        "The phone's browser opened a page of this system. A link belongs to the browser that opened it first.",
        "docs/handoff.md",
    ),
    "page.screen": Lesson(
        "別の画面にQRコードが出ます。コードは秒ごとに変わり、30秒で切れます。"
        "写真に撮って送っても間に合わないようにするためです。",
        "Another screen shows the code. It changes every second and is good for 30: too short for a photograph "
        "that is "
        "sent on.",
        "portal/handoff/qr.py",
    ),
    "handoff.matched": Lesson(
        "画面に出ている番号を、スマホで3つの中から選びます。目の前の画面と自分のスマホが同じ手続であることを、"
        "人の目で確かめる仕組みです。",
        "The number on the screen is chosen among three on the phone: the citizen's eyes make sure that both "
        "belong to "
        "one request.",
        "docs/handoff.md",
    ),
    "apdus.card": Lesson(
        "カードとのやりとりです。アプリを選び、パスワードのファイルを選んで照合（VERIFY）し、"
        "鍵のファイルを選んで署名（PSO: COMPUTE DIGITAL SIGNATURE）します。パスワードはカードの中で比べられ、"
        "秘密鍵はカードから出ません。",
        "The talk with the card: select the application, select the password's file and VERIFY, select the key's "
        "file "
        "and have it sign. The password is compared inside, and the private key never comes out.",
        "ISO/IEC 7816-4, 7816-8; OpenSC card-jpki.c",
    ),
    "apdus.phone": Lesson(
        "スマホのセキュアエレメントとのやりとりです。アプリ（AID）もファイルもコマンドも、カードと同じものです。"
        "TSMが話すときはSCP03で守られ、途中のスマホには中身が読めません。",
        "The talk with the phone's secure element: the same application, files and commands as a card's. What the "
        "TSM "
        "says is under SCP03, and the phone that carries it can't read it.",
        "ISO/IEC 7816-4; GlobalPlatform Card Specification 2.3.1; Amendment D (SCP03)",
    ),
    "handoff.answered": Lesson(
        "渡された署名を、証明書の公開鍵で確かめ、証明書がこの領域の認証局のもので、いま有効で、"
        "求めた目的のものかを調べました。どれか1つでも違えば受け取りません。",
        "The signature was verified with the certificate's key, and the certificate as this realm's, valid now, "
        "and for "
        "the purpose that was asked. Were one of these wrong, nothing would be taken.",
        "ca/status.py",
    ),
    "callback": Lesson(
        "利用者のブラウザーは、1回だけ使えるコードを持ってサービスに戻ります。"
        "結果そのものはブラウザーを通りません。サービスは handoff・state・iss が自分のものかを、"
        "引き換える前に比べます。",
        "The citizen's browser goes back with a code that is good once; the result itself doesn't pass through it. "
        "Before redeeming, the service compares handoff, state and iss with its own session.",
        "RFC 6749 4.1; RFC 9207; RFC 9700",
    ),
    "handoff.delivered": Lesson(
        "サービスが、自分の鍵で受け取ったトークンとコードを示し、結果を受け取りました。届いたからといって信じず、"
        "署名・証明書・失効・nonceを自分で検証します。",
        "The service showed its token and the code, and has the result. Never believe a result because it came: "
        "verify "
        "signature, chain, revocation and nonce.",
        "sandbox/client; docs/verification.md",
    ),
    "handoff.strayed": Lesson(
        "始めたブラウザーと違うブラウザーに戻ったので、答えを捨てました。"
        "他人に自分の手続を終わらせてもらう攻撃（セッション固定）を防ぎます。",
        "It went back in another browser than it began in, so the answer was thrown away: this stops session fixation.",
        "RFC 9700 4.7",
    ),
    "ocsp.asked": Lesson(
        "サービスが、証明書がいま有効かを認証局のOCSPレスポンダに尋ねました。"
        "カード用とスマホ用では尋ねる先が違い、違う先に尋ねると unknown が返ります。nonceを付けると、"
        "古い答えの使い回しがわかります。",
        "The service asks the authority's responder whether the certificate is good now. Card and phone certificates "
        "have different addresses; asked at the other's, the answer is unknown. A nonce shows up a replayed answer.",
        "RFC 6960; RFC 9654",
    ),
    "fetched": Lesson(
        "失効リスト（CRL）や認証局の証明書を取りに来ました。CRLの番号と次の発行日時を確かめ、"
        "古いものを使い続けないことが大切です。",
        "Somebody fetched a revocation list or an authority's certificate. Look at a list's number and "
        "nextUpdate: an "
        "old one must not be used for ever.",
        "RFC 5280 5, 6.3",
    ),
    "enrolment.verified": Lesson(
        "スマホ用電子証明書は、カードの署名用電子証明書で署名した申請で求めます。"
        "カードが失効していれば受け付けません。スマホの証明書は、カードの証明書に紐付きます。",
        "Certificates for the phone are applied for with the card's signature. A card that is revoked is refused, "
        "and "
        "what is issued stands on the card's certificate for life.",
        "公的個人認証法 第16条の2, 第35条の2",
    ),
    "phone.woken": Lesson(
        "TSMはスマホに接続できません。プッシュで起こすと、スマホのアプリのほうからTSMにつなぎます。",
        "A TSM can't call a phone: it has it woken by a push, and the app connects.",
        "GlobalPlatform SERAM 2.0",
    ),
    "seram.handshake": Lesson(
        "スマホのアプリとTSMが、話し方（版、通信、データの形）を決めます。セキュアエレメントの番号も、"
        "ここで名のります。",
        "App and TSM agree how they talk, and the app says which secure element it has.",
        "GlobalPlatform SERAM 2.0, handshake",
    ),
    "seram.order": Lesson(
        "TSMはコマンドを先にすべて計算し、まとめて渡します。SCP03のMACは前のコマンドから計算され、"
        "答えを待たずに作れるので、往復は数回で済みます。",
        "The TSM computes all commands ahead and hands them over at once: SCP03's MACs chain over the commands "
        "alone, "
        "so a whole issuance takes a few exchanges.",
        "GlobalPlatform SERAM 2.0; Amendment D 6.2.4",
    ),
    "seram.report": Lesson(
        "スマホは、チップの答えをそのまま報告します。TSMは同じ計算をもう一度して、答えのMACと中身を1つずつ確かめます。",
        "The phone reports what the chip answered, as it came. The TSM computes the script again and checks every MAC.",
        "GlobalPlatform SERAM 2.0; Amendment D 6.2.5",
    ),
    "enrolment.keyed": Lesson(
        "鍵ペアはチップの中で作られました。チップは「この公開鍵の秘密鍵を持っている」ことを、"
        "領域を分けた文に署名して示します。TSMは、任意の文の署名を得られません。",
        "The key pairs were made in the chip, which proved that it has the private halves by signing a text that is "
        "domain separated: the TSM can't get a signature over a text of its choice.",
        "docs/decisions.md",
    ),
    "issuance.intended": Lesson(
        "認証局は、署名する前に「これから何に署名するか」を消せない記録に書きます。途中で止まっても、"
        "何に署名したかもしれないかが残ります。",
        "Before the key signs, the authority writes down what is about to be signed: whatever dies on the way, it is "
        "known what may have been.",
        "ca/issuance; CA/Browser Forum BR 5.4",
    ),
    "certificate.issued": Lesson(
        "証明書を発行しました。スマホの証明書は、利用者がパスワードを設定して両方の鍵を使うまで、"
        "有効になりません（OCSPは certificateHold と答えます）。",
        "A certificate was issued. A phone's isn't valid before its holder has set the passwords and used both keys: "
        "until then OCSP answers certificateHold.",
        "docs/issuing-and-lint.md",
    ),
    "certificate.activated": Lesson(
        "証明書が有効になりました。機種変更のときは、同じ瞬間に前のスマホの証明書が失効します。"
        "二重にも空白にもなりません。",
        "The certificate is valid. In a device change the other phone's is revoked in the same moment: never two, "
        "never none.",
        "docs/linkage-and-verdicts.md",
    ),
    "certificate.revoked": Lesson(
        "失効は取り消せません。事由は法律の言葉で記録され、外にはX.509の理由コードだけが出ます。"
        "カードの証明書が失効すると、スマホの証明書も連動して失効します。",
        "A revocation can't be undone. The cause is kept in the law's words; outside, only the X.509 reason is told. "
        "When a card's certificate falls, the phone's falls with it.",
        "RFC 5280 5.3.1; docs/linkage-and-verdicts.md",
    ),
    "certificate.held": Lesson(
        "一時保留は、戻せる失効です（certificateHold）。保留の間は有効ではありません。",
        "A hold is a revocation that can be undone (certificateHold). Meanwhile the certificate isn't valid.",
        "RFC 5280 5.3.1",
    ),
    "crl.published": Lesson(
        "失効リストを出しました。市区町村ごとに分かれ、番号は1つずつ増えます。",
        "A revocation list was published: one for each municipality, its number one more than the last.",
        "RFC 5280 5; docs/publication.md",
    ),
    "api": Lesson(
        "サービスがAPIを呼び、答えを受け取りました。断られたときは、"
        "problem+json に理由のコードと直し方があります。インスペクターでは、ヘッダーと本文も見られます。",
        "The service called the API and was answered. A refusal is problem+json with a code and what mends it; the "
        "inspector has headers and bodies.",
        "RFC 9457; docs/api.md",
    ),
    "fault": Lesson(
        "障害を仕掛けると、ワークスペースは本当でないことを言います。正しいサービスなら、どう応じるはずかは、"
        "障害の部屋に書いてあります。記録されたもの（証明書、ハンドオフ）は変わりません。",
        "An armed fault makes the workspace tell something untrue. What a right service does about it stands in the "
        "faults' room. Nothing that is kept changes by it.",
        "docs/faults.md",
    ),
    "clock.moved": Lesson(
        "ワークスペースの時計は、機械の時計との差で決まります。差を1つ動かすと、"
        "有効期間もOCSPもCRLも同じ瞬間に動きます。ほかのワークスペースの時間は動きません。",
        "A workspace's clock is the machine's and an offset. Moving that moves validity, OCSP and lists at once, "
        "and no "
        "other workspace's time.",
        "docs/sandbox-time.md",
    ),
    "webhook": Lesson(
        "変化を、署名付きでサービスに知らせました。署名（webhook-signature）と時刻を確かめ、"
        "同じ webhook-id は1回だけ扱います。",
        "A change is told to the service, signed. Verify signature and timestamp, and take each webhook-id once.",
        "Standard Webhooks",
    ),
}


def lesson_of(what: str) -> Lesson | None:
    """Return what can be learned from an event of that kind, or None."""
    return nearest(LESSONS, what)
