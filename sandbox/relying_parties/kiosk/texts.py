"""What the copier in the convenience store says, Japanese and English side by side."""

TEXTS: dict[str, tuple[str, str]] = {
    "kiosk": ("証明書コンビニ交付", "Certificates at the store"),
    "kiosk_service": ("マルチコピー機", "Copier screen"),
    "kiosk_card": (
        "コンビニのコピー機で住民票の写しを受け取ります。画面のQRコードをスマホで読むか、読み取り機に置きます。",
        "A certificate of residence from a store's copier: read the code by phone, or lay phone or card on its reader.",
    ),
    "kiosk_enter": ("コピー機の画面を開く", "Open the copier's screen"),
    "kiosk_hero": ("住民票の写しを、ここで。", "Your certificate of residence, here."),
    "kiosk_lead": (
        "どちらかの方法で、本人確認をしてください。暗証番号は4桁です。",
        "Prove who you are in one of these ways. The PIN has 4 digits.",
    ),
    "kiosk_qr": ("スマホで読み取る", "With your phone's camera"),
    "kiosk_qr_text": (
        "次の画面のQRコードを、お手持ちのスマホのカメラで読み取ります。暗証番号は、スマホで入力します。",
        "Read the code on the next screen. You enter your PIN on your own phone.",
    ),
    "kiosk_qr_button": ("QRコードを表示する", "Show the code"),
    "kiosk_reader": ("読み取り機に置く", "On the card reader"),
    "kiosk_reader_text": (
        "スマホかマイナンバーカードを読み取り機に置き、次の画面で暗証番号を入力します。",
        "Lay your phone or My Number Card on the reader, and enter your PIN on the next screen.",
    ),
    "kiosk_reader_button": ("読み取り機を使う", "Use the reader"),
    "reader_missing": (
        "この見本では、読み取り機の端末がまだ動いていません。次のコマンドで動きます（docs/samples.md）。",
        "In this sample no reader's terminal is running yet. This command starts one (docs/samples.md).",
    ),
    "kiosk_verified_phone": ("スマホで本人確認ができました", "Your phone proved who you are"),
    "kiosk_verified_card": ("カードで本人確認ができました", "Your card proved who you are"),
    "choose_lead": ("どの内容で印刷するかを選んでください。", "Choose what is to be printed."),
    "choose_whose": ("だれの分", "For whom"),
    "choose_me": ("本人のみ", "Only me"),
    "choose_household": ("世帯の全員", "The whole household"),
    "choose_more": ("記載する事項", "What else"),
    "choose_relations": ("世帯主の氏名と続柄を載せる", "Name of the head of the household, and relations"),
    "choose_fee": ("手数料 0円（見本のため）", "Fee 0 yen (it is a sample)"),
    "choose_print": ("印刷する", "Print it"),
    "how_verified": ("本人確認の確かめ方", "How you were verified"),
    "kiosk_end": ("終わる", "I am done"),
    "certificate_title": ("住民票の写し", "Certificate of residence"),
    "certificate_lead": (
        "印刷しました。お取り忘れにご注意ください。",
        "It is printed. Don't forget your paper.",
    ),
    "certificate_invented": (
        "氏名、住所などは、電子証明書の発行の番号から作った架空のものです。利用者証明用電子証明書には氏名がありません。",
        "Names and addresses are invented out of a serial number: an authentication certificate names nobody.",
    ),
    "certificate_pdf": ("PDFで保存", "Save it as a PDF"),
    "kiosk_refused": ("交付できません", "It can't be issued"),
    "outcome_unread": ("読み取りをやめました", "Reading was stopped"),
    "outcome_unread_text": (
        "読み取り機での操作が終わらなかったため、何も受け取っていません。",
        "It was not finished at the reader, so we received nothing.",
    ),
    "outcome_over": ("本人確認からやり直してください", "Please prove again who you are"),
    "outcome_over_text": (
        "時間が過ぎたか、電子証明書が使えなくなりました。",
        "Time ran out, or the certificate can't be used any more.",
    ),
    "outcome_no_card": ("カードの電子証明書が確認できません", "Your card's certificate can't be found"),
    "outcome_no_card_text": (
        "スマホ用電子証明書に対応するカード用電子証明書が有効ではないため、交付できません。",
        "The card's certificate that your phone's stands on isn't in force, so nothing can be issued.",
    ),
}
