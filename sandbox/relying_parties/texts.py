"""What the sample services say, Japanese and English side by side."""

TEXTS: dict[str, tuple[str, str]] = {
    # --- frame
    "samples": ("見本のサービス", "Sample services"),
    "samples_lead": (
        "スマホ用電子証明書を使うサービスの見本です。公開APIだけで動いています。",
        "Sample services that use the phone's certificates. They run on the public API alone.",
    ),
    "to_main": ("本文へ移る", "Skip to content"),
    "sample_note": (
        "これは試験用の見本です。実在の企業や機関ではなく、口座も契約も証明書も本物ではありません。",
        "This is a sample for testing: no real company or office, no real account, contract or certificate.",
    ),
    "to_samples": ("見本の一覧へ", "All samples"),
    "to_system": ("スマホ用電子証明書のサイトへ", "To the site of the phone's certificates"),
    "language": ("言語", "Language"),
    "not_found": ("ページが見つかりません", "Page not found"),
    "not_found_text": (
        "アドレスが違うか、ページがなくなりました。見本の一覧からお進みください。",
        "The address is wrong, or the page is gone. Please go on from the list of samples.",
    ),
    "not_sent": ("送信できませんでした", "This could not be sent"),
    "not_sent_text": (
        "画面を開いてから時間がたったか、Cookieが使えません。Cookieを使えるようにして、前の画面を開き直してください。",
        "The page was open for too long, or cookies are off. Allow cookies, and open the page before this one again.",
    ),
    # --- bank
    "bank": ("みらい銀行", "Mirai Bank"),
    "bank_service": ("口座開設", "Account opening"),
    "bank_card": (
        "登録簿に登録された銀行です。スマホでサインインし、契約に署名し、検証の結果を見られます。",
        "A bank that is on the register. Sign in with the phone, sign a contract, and see how it is verified.",
    ),
    "bank_enter": ("みらい銀行を開く", "Open Mirai Bank"),
    "bank_hero": ("スマホだけで、口座をひらく。", "Open an account with nothing but your phone."),
    "bank_lead": (
        "来店も、郵送も、書類の撮影もいりません。スマホ用電子証明書で本人確認と契約が終わります。",
        "No visit, no post, no photographs of papers: the certificates in your phone prove who you are and sign.",
    ),
    "bank_step_1": ("スマホで本人確認（4桁の暗証番号）", "Prove who you are with your phone (4-digit PIN)"),
    "bank_step_2": (
        "契約書を読み、スマホで署名（署名用パスワード）",
        "Read the contract and sign it (signature password)",
    ),
    "bank_step_3": ("検証の結果を確認し、口座開設", "See what was verified; the account is open"),
    "steps": ("お手続の流れ", "How it goes"),
    "sign_in": ("スマホでサインイン", "Sign in with the phone"),
    "sign_in_qr": ("別のスマホでQRコードを読み取る", "Read a QR code with another phone"),
    "sign_in_qr_note": (
        "パソコンでご覧のときは、画面のQRコードをスマホのカメラで読み取ってサインインできます。",
        "On a desk's screen, read the QR code with your phone's camera to sign in.",
    ),
    "sign_in_result": ("本人確認の結果", "How your sign-in was verified"),
    "sign_in_good": ("本人確認ができました", "You are signed in"),
    "sign_in_good_text": (
        "あなたのスマホにある利用者証明用電子証明書を確かめました。次は契約です。",
        "We verified the authentication certificate in your phone. Next is the contract.",
    ),
    "refused": ("お手続を続けられません", "We can't go on"),
    "refused_text": (
        "電子証明書の検証で、次の項目が確認できませんでした。そのため受け付けていません。",
        "Verifying the certificate, we could not confirm the following, so nothing was accepted.",
    ),
    "revoked_text": (
        "この電子証明書は失効しています。スマホの利用をやめた場合は、新しく発行してからお手続ください。",
        "This certificate is revoked. If you ended its use on your phone, issue a new one and come back.",
    ),
    "to_contract": ("契約書へ進む", "Go to the contract"),
    "contract": ("口座開設の契約書", "The contract"),
    "contract_lead": (
        "内容をお読みください。署名は、あなたのスマホの中の鍵で行われます。",
        "Please read it. It will be signed by the key in your phone.",
    ),
    "contract_name": ("普通預金口座開設契約書", "Contract for a savings account"),
    "contract_text": (
        "普通預金口座開設契約書\n\n契約番号　{number}\n作成日　　{date}\n\n"
        "第1条　申込者は、株式会社みらい銀行に普通預金口座の開設を申し込み、同行はこれを承諾する。\n"
        "第2条　申込者の氏名、住所及び生年月日は、この契約書への電子署名に係る署名用電子証明書の記録による。\n"
        "第3条　申込者は、記録された事項に変更があったときは、速やかに同行に届け出る。\n"
        "第4条　この契約は、申込者の電子署名が有効であることを同行が確認した時に成立する。\n\n"
        "これは試験用の見本であり、効力をもちません。\n",
        "CONTRACT FOR A SAVINGS ACCOUNT\n\nNumber  {number}\nDate    {date}\n\n"
        "1. The applicant asks Mirai Bank to open a savings account, and the bank agrees.\n"
        "2. The applicant's name, address and date of birth are those in the certificate of the signature below.\n"
        "3. The applicant will tell the bank without delay when any of these change.\n"
        "4. This contract comes into force when the bank has verified the applicant's signature.\n\n"
        "This is a sample for testing and has no effect.\n",
    ),
    "sign_contract": ("スマホで署名する", "Sign with the phone"),
    "contract_result": ("署名の検証結果", "How your signature was verified"),
    "contract_good": ("口座を開設しました", "Your account is open"),
    "contract_good_text": (
        "契約書の署名を確かめました。証明書に記録された内容で口座を開設しました。",
        "We verified the signature on the contract and opened the account in the name on the certificate.",
    ),
    "holder": ("証明書に記録されたお客さま", "You, as the certificate says"),
    "holder_name": ("氏名", "Name"),
    "holder_address": ("住所", "Address"),
    "holder_birth_date": ("生年月日", "Date of birth"),
    "signed_pdf": ("署名済みの契約書（PDF）を保存", "Save the signed contract (PDF)"),
    "signed_document": ("署名された契約書", "The signed contract"),
    "again": ("最初からやり直す", "Start over"),
    "check_again": ("もう一度確かめる", "Check again"),
    # --- outcomes of a hand-off
    "outcome_declined": ("スマホで断られました", "Declined on the phone"),
    "outcome_declined_text": (
        "お客さまが断ったため、何も受け取っていません。",
        "You declined, so we received nothing.",
    ),
    "outcome_expired": ("時間切れです", "Time ran out"),
    "outcome_expired_text": (
        "時間内に操作が終わりませんでした。最初からやり直してください。",
        "It was not finished in time. Please start over.",
    ),
    "outcome_wrong_number": ("番号が違ったため、止まりました", "Stopped: another number was chosen"),
    "outcome_wrong_number_text": (
        "スマホで、画面と違う番号が選ばれました。何も受け取っていません。",
        "On the phone another number than the screen's was chosen. We received nothing.",
    ),
    "outcome_wrong_browser": ("別のブラウザに戻りました", "You came back in another browser"),
    "outcome_wrong_browser_text": (
        "お手続を始めたのとは別のブラウザで戻ったため、結果は捨てられました。このブラウザで、最初からやり直してください。",
        "You returned in another browser than you began in, so the result was thrown away. Please start over here.",
    ),
    "outcome_refused": ("受け付けられませんでした", "Not allowed"),
    "outcome_refused_text": (
        "登録簿が、このサービスのこの依頼を許していません（{reason}）。",
        "The register does not allow us to ask this ({reason}).",
    ),
    "outcome_undelivered": ("結果を受け取れませんでした", "No result came"),
    "outcome_undelivered_text": (
        "戻ってきましたが、結果がありません。最初からやり直してください。",
        "You are back, but there is no result. Please start over.",
    ),
    "outcome_foreign": ("別の手続の結果です", "A result of something else"),
    "outcome_foreign_text": (
        "この結果は、この画面から始めた手続のものではありません。最初からやり直してください。",
        "This result is not of what was started here. Please start over.",
    ),
    "outcome_error": ("接続できませんでした", "We couldn't connect"),
    "outcome_error_text": (
        "スマホ用電子証明書のシステムに接続できないか、依頼が受け付けられませんでした（{reason}）。",
        "The system of the phone's certificates couldn't be reached, or didn't take our request ({reason}).",
    ),
    # --- the four lines
    "check_signature": ("署名は正しいか", "Is the signature right?"),
    "check_chain": ("証明書は認証局のものか", "Is the certificate the authority's?"),
    "check_status": ("証明書は今も有効か", "Is the certificate valid now?"),
    "check_medium": ("使ってよい媒体か（スマホかカードか）", "Is it on a medium that may answer (phone or card)?"),
    "outcome_holds": ("確認", "Yes"),
    "outcome_fails": ("否認", "No"),
    "outcome_unknown": ("不明", "Unknown"),
    "why_signature_right": ("署名は正しい", "The signature is right"),
    "why_not_our_document": ("こちらが渡した文書ではない", "It isn't the document that we gave"),
    "why_not_what_was_asked": ("頼んだものへの答えではない", "It doesn't answer what we asked"),
    "why_signature_wrong": ("署名が合わない", "The signature doesn't match"),
    "why_chain_right": ("信頼する認証局が発行した", "A trusted authority issued it"),
    "why_issuer_not_trusted": ("信頼する認証局の証明書ではない", "No trusted authority issued it"),
    "why_not_yet_valid": ("有効期間の前である", "It isn't valid yet"),
    "why_expired": ("有効期間が過ぎている", "It has expired"),
    "why_extension_not_understood": (
        "解釈できない重要な拡張がある",
        "It has a critical extension that we don't understand",
    ),
    "why_wrong_purpose": ("用途が違う証明書である", "It is a certificate for another purpose"),
    "why_good": ("有効（good）", "Valid (good)"),
    "why_revoked": ("失効している（revoked）", "Revoked"),
    "why_on_hold": ("一時保留されている（certificateHold）", "On hold (certificateHold)"),
    "why_unknown_certificate": ("認証局が知らない証明書（unknown）", "The authority doesn't know it (unknown)"),
    "why_nobody_to_ask": ("問い合わせ先がない", "There is nobody to ask"),
    "why_responder_unreachable": ("OCSPレスポンダに接続できない", "The OCSP responder can't be reached"),
    "why_responder_refused": ("OCSPレスポンダが答えない", "The OCSP responder didn't answer the question"),
    "why_responder_not_trusted": ("認証局が委任したレスポンダではない", "The authority didn't delegate this responder"),
    "why_answer_malformed": ("OCSPの応答が読めない", "The OCSP answer can't be read"),
    "why_answer_about_another": ("別の証明書についての応答である", "The OCSP answer is about another certificate"),
    "why_answer_not_fresh": ("OCSPの応答が新しくない", "The OCSP answer isn't fresh"),
    "why_nonce_missing": ("OCSPの応答にこちらのノンスがない", "The OCSP answer lacks our nonce"),
    "why_records_unreachable": ("有効性確認のAPIが答えない", "The verification API didn't answer"),
    "why_phone": ("スマホ用の証明書である", "It is a phone's certificate"),
    "why_card": ("カード用の証明書である", "It is a card's certificate"),
    "why_not_the_card": ("スマホ用の証明書である", "It is a phone's certificate"),
    "why_not_the_phone": ("カード用の証明書である", "It is a card's certificate"),
    "why_policy_unknown": ("証明書ポリシーを知らない", "We don't know its certificate policy"),
    "why_malformed": ("証明書または署名が読めない", "Certificate or signature can't be read"),
    "how": ("確かめ方", "How it was checked"),
    "how_signature": (
        "証明書の公開鍵で、こちらが頼んだ文またはPDFそのものに対する署名を検証（RSA PKCS#1 v1.5、SHA-256）。",
        "Verified with the certificate's public key over the very text or PDF that we asked for (RSA PKCS#1 v1.5, "
        "SHA-256).",
    ),
    "how_chain": (
        "信頼リストの認証局の鍵で証明書の署名を検証し、有効期間と鍵の用途を確認。",
        "Verified its signature with the authority's key from the trust list; checked its times and key usage.",
    ),
    "how_status": (
        "OCSPでノンスを付けて問い合わせ、応答者への委任（OCSPSigning）と応答の署名を確認。",
        "Asked by OCSP with a nonce; checked the responder's delegation (OCSPSigning) and its signature.",
    ),
    "how_medium": (
        "証明書ポリシーのOIDを、信頼リストのスマホ用とカード用のものと照合。",
        "Compared the certificate policy's OID with the phone's and the card's in the trust list.",
    ),
    "fact_digest": ("SHA-256", "SHA-256"),
    "fact_key_bits": ("RSA鍵長", "RSA key bits"),
    "fact_issuer": ("発行者", "Issuer"),
    "fact_serial_number": ("発行の番号", "Serial number"),
    "fact_not_before": ("有効期間の始め", "Valid from"),
    "fact_not_after": ("有効期間の終わり", "Valid until"),
    "fact_url": ("問い合わせ先", "Asked at"),
    "fact_responder": ("応答者", "Responder"),
    "fact_this_update": ("応答の時点", "As of"),
    "fact_reason": ("失効理由", "Reason"),
    "fact_revoked_at": ("失効日時", "Revoked at"),
    "fact_answer": ("応答", "Answer"),
    "fact_policy": ("証明書ポリシー", "Certificate policy"),
    "fact_medium": ("媒体", "Medium"),
    # --- the index
    "samples_models": ("手本にするもの", "To be copied"),
    "samples_warnings": ("手本にしないもの", "Not to be copied"),
    "samples_table": ("どの見本が、何を示すか", "Which sample shows what"),
    "column_certificates": ("使う電子証明書", "Certificates"),
    "column_ways": ("つながり方", "Ways"),
    "column_shows": ("見どころ", "What to look at"),
    "certificates_both": ("利用者証明用、署名用", "Authentication, signature"),
    "certificates_authentication": ("利用者証明用", "Authentication"),
    "ways_link_qr": ("リンク、QRコード", "Link, code"),
    "ways_qr_reader": ("QRコード、読み取り機", "Code, card reader"),
    "ways_all": ("リンク、QRコード、読み取り機", "Link, code, card reader"),
    "shows_city": (
        "サインインした人と署名した人が同じかを、認証局の記録に尋ねる",
        "Asks the records whether who signed is who signed in",
    ),
    "shows_kiosk": (
        "自分で作ったチャレンジを読み取り機で署名させ、すべて自分で検証する",
        "Has a challenge of its own signed on a reader, and verifies it all itself",
    ),
    "shows_clinic": (
        "カードとスマホの紐付けを、更新・機種変更・利用終了の後も保つ",
        "Keeps card and phone linked through renewal, change of phone and end of use",
    ),
    "shows_bank": (
        "契約書のPDFに署名させ、PDFごと検証する",
        "Has a contract signed in a PDF, and verifies the whole PDF",
    ),
    # --- the careless service
    "careless": ("うっかり商店", "Careless Shop"),
    "careless_card": (
        "わざと何も検証しないサービスです。適合性試験が、これを見つけます。",
        "It deliberately verifies nothing. The conformance run catches it.",
    ),
    "careless_enter": ("うっかり商店を開く", "Open Careless Shop"),
    "careless_warning": (
        "このサービスは、わざと何も検証しません。手本にしないでください。",
        "This service verifies nothing, on purpose. Do not copy it.",
    ),
    "careless_lead": (
        "正しい使い方では、きちんとしたサービスと見分けがつきません。だから適合性試験があります。",
        "Used as meant, it looks like a proper service. That is why there is a conformance run.",
    ),
    "careless_sign_in": ("サインイン", "Sign in"),
    "careless_text": ("注文書（テキスト）に署名", "Sign an order (text)"),
    "careless_pdf": ("注文書（PDF）に署名", "Sign an order (PDF)"),
    "careless_omissions": ("していないこと", "What it leaves out"),
    "careless_no_session": ("だれが始めたかを覚えない", "It doesn't remember who began"),
    "careless_no_session_then": (
        "人の結果を、別の人のセッションに差し込めます。",
        "Somebody's result can be slipped into somebody else's session.",
    ),
    "careless_no_state": ("stateを送らず、比べない", "It sends no state, and compares none"),
    "careless_no_state_then": (
        "攻撃者が始めた手続に、被害者を乗せられます。",
        "A victim can be put into what an attacker began.",
    ),
    "careless_no_issuer": ("issを比べない", "It doesn't compare iss"),
    "careless_no_issuer_then": ("別のシステムの結果と取り違えます。", "It mixes up two systems."),
    "careless_no_verifier": ("PKCEの秘密が、いつも同じ", "Its secret of PKCE is always the same"),
    "careless_no_verifier_then": ("盗まれたコードが、そのまま使えます。", "A stolen code is as good as one's own."),
    "careless_no_answer": ("断られたかを見ない", "It doesn't see whether it was declined"),
    "careless_no_answer_then": (
        "断った人も、時間切れの人も、本人確認ができたことになります。",
        "Who declined, and who ran out of time, count as verified.",
    ),
    "careless_no_signature": ("署名を検証しない", "It verifies no signature"),
    "careless_no_signature_then": (
        "人の証明書を見せるだけで、その人になれます。",
        "Whoever shows somebody's certificate is that person.",
    ),
    "careless_no_nonce": ("ノンスを確かめない", "It doesn't look for its nonce"),
    "careless_no_nonce_then": ("前の署名を、もう一度使えます。", "An earlier signature works once more."),
    "careless_no_document": ("頼んだ文書かを確かめない", "It doesn't compare the document"),
    "careless_no_document_then": (
        "別の文書や、書き換えた文書の署名が通ります。",
        "A signature on another document, or a changed one, gets through.",
    ),
    "careless_no_algorithm": ("アルゴリズムを決めない", "It insists on no algorithm"),
    "careless_no_algorithm_then": ("弱いもの、ないものに替えられます。", "It can be swapped for a weak one, or none."),
    "careless_no_chain": ("認証局を確かめない", "It doesn't look who issued the certificate"),
    "careless_no_chain_then": ("自分で作った証明書が通ります。", "A certificate of one's own making gets through."),
    "careless_no_time": ("有効期間を見ない", "It doesn't look at validity"),
    "careless_no_time_then": ("期限切れの証明書が通ります。", "An expired certificate gets through."),
    "careless_no_purpose": ("用途を見ない", "It doesn't look at the purpose"),
    "careless_no_purpose_then": (
        "ログイン用の鍵の署名が、契約の署名になります。",
        "A log-in key's signature becomes a contract's.",
    ),
    "careless_no_status": ("失効を確かめない", "It asks nobody whether it is revoked"),
    "careless_no_status_then": (
        "なくしたスマホを拾った人が、使い続けられます。",
        "Whoever found a lost phone can go on using it.",
    ),
    "careless_no_medium": ("スマホかカードかを見ない", "It doesn't look whether it is phone or card"),
    "careless_no_medium_then": (
        "スマホ限定のはずの手続に、カードが使えます。",
        "A card gets through where only phones may.",
    ),
    "careless_welcomed": ("ようこそ。ご本人です。", "Welcome. It is you."),
    "careless_welcomed_text": (
        "うっかり商店は、何も確かめずにこう答えます。",
        "Careless Shop says so without having looked at anything.",
    ),
    "careless_number": ("証明書にあった番号", "The number in the certificate"),
    "careless_no_number": ("（読めませんでしたが、気にしません）", "(unreadable, never mind)"),
    # --- the unlisted service
    "unlisted": ("ポイント広場", "Points Plaza"),
    "unlisted_card": (
        "登録簿にないサービスです。同じAPIで頼んでも、スマホの画面で断られます。",
        "A service that is not on the register. It asks by the same API, and the phone's screen refuses it.",
    ),
    "unlisted_enter": ("ポイント広場を開く", "Open Points Plaza"),
    "unlisted_hero": (
        "今だけ！スマホで本人確認して 10,000ポイント",
        "Today only! 10,000 points for a sign-in by phone",
    ),
    "unlisted_lead": (
        "このサービスは登録簿に登録されていません。ボタンを押すと、スマホの画面がどう断るかを見られます。",
        "This service is not on the register. Press the button to see how the phone's screen refuses it.",
    ),
    "unlisted_try": ("スマホで本人確認する", "Sign in with the phone"),
}
