"""What the city hall says, Japanese and English side by side."""

TEXTS: dict[str, tuple[str, str]] = {
    "city": ("草薙市", "Kusanagi City"),
    "city_service": ("電子申請", "Online applications"),
    "city_card": (
        "市役所に行かずに児童手当を申請します。スマホかカードでサインインし、申請書に署名し、控えを受け取ります。",
        "Apply for child allowance without the walk to city hall: sign in by phone or card, sign, keep the receipt.",
    ),
    "city_enter": ("草薙市の電子申請を開く", "Open Kusanagi City's applications"),
    "city_hero": ("児童手当の申請を、いま、ここから。", "Apply for child allowance, now, from here."),
    "city_lead": (
        "窓口に来なくても、夜でも朝でも申請できます。印鑑も、本人確認書類の写しもいりません。",
        "No visit, no opening hours, no seal, and no copies of papers to say who you are.",
    ),
    "city_step_1": ("サインイン（利用者証明用、4桁の暗証番号）", "Sign in (authentication certificate, 4-digit PIN)"),
    "city_step_2": ("申請書に記入", "Fill in the application"),
    "city_step_3": ("申請書を読み、署名（署名用パスワード）", "Read it and sign it (signature password)"),
    "city_step_4": ("控えを受け取る", "Keep the receipt"),
    "city_sign_in": ("スマホまたはカードでサインイン", "Sign in with phone or card"),
    "city_sign_in_good": ("サインインしました", "You are signed in"),
    "city_sign_in_good_text": (
        "利用者証明用電子証明書を確かめました。次は申請書です。",
        "We verified your authentication certificate. Next is the application.",
    ),
    "city_sign_in_result": ("サインインの検証結果", "How your sign-in was verified"),
    "to_form": ("申請書に記入する", "Fill in the application"),
    "form_title": ("児童手当 認定請求書", "Claim for child allowance"),
    "form_lead": (
        "すべての項目に記入してください。氏名と住所は、署名に使う電子証明書の記録から受け取ります。",
        "Please answer every question. Your name and address come from the certificate that you sign with.",
    ),
    "form_example": ("見本の内容で記入する", "Fill it in with an example"),
    "form_wrong": ("次の項目を確かめてください", "Please look at these again"),
    "field_child_name": ("お子さまの氏名", "Your child's name"),
    "field_child_name_hint": ("例： 青葉　若葉", "Example: AOBA Wakaba"),
    "field_child_birth_date": ("お子さまの生年月日", "Your child's date of birth"),
    "field_child_birth_date_hint": (
        "18歳になった後の最初の3月31日までのお子さまが対象です。",
        "For children until the 31st of March after they turn 18.",
    ),
    "field_relation": ("お子さまから見た続柄", "What you are to the child"),
    "field_relation_hint": ("ひとつ選んでください。", "Choose one."),
    "relation_father": ("父", "Father"),
    "relation_mother": ("母", "Mother"),
    "relation_guardian": ("そのほかの養育者", "Another guardian"),
    "field_telephone": ("日中に連絡できる電話番号", "Telephone during the day"),
    "field_telephone_hint": ("例： 090-0000-0000", "Example: 090-0000-0000"),
    "field_missing": ("記入してください。", "Please answer this."),
    "field_name_wrong": ("60文字までで記入してください。", "At most 60 characters."),
    "field_birth_date_wrong": (
        "対象となるお子さまの生年月日ではありません。",
        "That isn't the birthday of a child that this is for.",
    ),
    "field_telephone_wrong": ("0で始まる電話番号を記入してください。", "A Japanese number that begins with 0."),
    "to_confirm": ("申請書を確かめる", "Read the application"),
    "confirm_title": ("申請書を確かめる", "Read the application"),
    "confirm_lead": (
        "この文のとおりに署名されます。違うところがあれば、戻って直してください。",
        "This very text will be signed. Go back if anything is wrong.",
    ),
    "sign_application": ("この申請書に署名する", "Sign this application"),
    "to_change": ("戻って直す", "Go back and change it"),
    "application_name": ("児童手当 認定請求書", "Claim for child allowance"),
    "application_text": (
        "児童手当　認定請求書\n\n受付番号　{number}\n申請日　　{date}\nあて先　　草薙市長\n\n"
        "児童の氏名　　　{child_name}\n児童の生年月日　{child_birth_date}\n請求者の続柄　　{relation}\n"
        "連絡先電話番号　{telephone}\n\n"
        "請求者の氏名、住所及び生年月日は、この請求書への電子署名に係る署名用電子証明書の記録による。\n"
        "上記のとおり、児童手当の受給資格及び額についての認定を請求します。\n\n"
        "これは試験用の見本であり、効力をもちません。\n",
        "CLAIM FOR CHILD ALLOWANCE\n\nNumber  {number}\nDate    {date}\nTo      the Mayor of Kusanagi\n\n"
        "Child's name       {child_name}\nChild's birth date {child_birth_date}\nThe claimant is    {relation}\n"
        "Telephone          {telephone}\n\n"
        "The claimant's name, address and date of birth are those in the certificate of the signature below.\n"
        "I claim recognition of the right to, and of the amount of, child allowance as above.\n\n"
        "This is a sample for testing and has no effect.\n",
    ),
    "city_application_good": ("申請を受け付けました", "We have your application"),
    "city_application_good_text": (
        "署名を確かめ、サインインした方の署名であることも確かめました。控えを保存してください。",
        "We verified the signature, and that whoever signed is who signed in. Please keep the receipt.",
    ),
    "city_application_result": ("署名の検証結果", "How your signature was verified"),
    "another_signed": (
        "サインインした方と、署名した方が違います。そのため受け付けていません。",
        "Who signed isn't who signed in, so nothing was accepted.",
    ),
    "receipt_number": ("受付番号", "Number"),
    "receipt_applicant": ("請求者（証明書の記録）", "The claimant, as the certificate says"),
    "receipt_document": ("申請書（テキスト）を保存", "Save the application (text)"),
    "receipt_signature": ("署名（CMS）を保存", "Save the signature (CMS)"),
    "receipt_check": (
        "保存した2つのファイルは、次のコマンドで確かめられます。",
        "This command verifies the two files that you saved.",
    ),
    "signed_application": ("署名された申請書", "The signed application"),
}
