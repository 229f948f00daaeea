"""What the citizen reads when what the card signed is not accepted: a sentence for each reason."""

from collections.abc import Mapping

from whitelist.register import Text

# Several may hold at once: the first one that is found here words the answer.
APPLICATION: Mapping[str, Text] = {
    "expired": Text(
        "カードの署名用電子証明書の有効期限が切れています。市区町村の窓口で更新してください。",
        "Your card's signature certificate has expired. Please renew it at your municipal office.",
    ),
    "not_yet_valid": Text(
        "カードの署名用電子証明書は、まだ有効になっていません。",
        "Your card's signature certificate is not yet valid.",
    ),
    "on_hold": Text(
        "カードの署名用電子証明書は、一時保留になっています。解除してから申請してください。",
        "Your card's signature certificate is on hold. Please have the hold released first.",
    ),
    "revoked": Text(
        "カードの署名用電子証明書は失効しています。引っ越しなどのあとは、市区町村の窓口で新しく発行を受けてください。",
        "Your card's signature certificate has been revoked. Please get a new one at your municipal office.",
    ),
    "wrong_purpose": Text(
        "署名用ではない電子証明書で署名されています。申請には署名用電子証明書を使ってください。",
        "This is not the signature certificate. Please use the card's signature certificate to apply.",
    ),
    "wrong_medium": Text(
        "カードの電子証明書ではありません。申請にはマイナンバーカードを使ってください。",
        "This is not a card's certificate. Please use your My Number Card to apply.",
    ),
    "signature_wrong": Text(
        "申請の署名が正しくありません。もう一度カードを読み取ってください。",
        "The signature is not right. Please read the card again.",
    ),
}

# Signing in with the card to have a phone stopped: whatever is the matter with the card, the help desk can stop it.
CARD_SIGN_IN: Mapping[str, Text] = {
    "expired": Text(
        "カードの利用者証明用電子証明書の有効期限が切れています。スマートフォンの一時利用停止は、コールセンターへ連絡してください。",
        "Your card's user authentication certificate has expired. Please call the help desk to stop your phone.",
    ),
    "on_hold": Text(
        "カードの利用者証明用電子証明書は、一時保留になっています。スマートフォンの一時利用停止は、コールセンターへ連絡してください。",
        "Your card's user authentication certificate is on hold. Please call the help desk to stop your phone.",
    ),
    "revoked": Text(
        "カードの利用者証明用電子証明書は失効しています。連動して、スマートフォンの電子証明書も失効しているか、まもなく失効します。",
        "Your card's user authentication certificate has been revoked. Your phone's certificates fall with it.",
    ),
    "wrong_purpose": Text(
        "利用者証明用ではない電子証明書で署名されています。もう一度カードを読み取ってください。",
        "This is not the user authentication certificate. Please read the card again.",
    ),
    "wrong_medium": Text(
        "カードの電子証明書ではありません。マイナンバーカードを読み取ってください。",
        "This is not a card's certificate. Please read your My Number Card.",
    ),
    "signature_wrong": Text(
        "署名が正しくありません。もう一度カードを読み取ってください。",
        "The signature is not right. Please read the card again.",
    ),
}
