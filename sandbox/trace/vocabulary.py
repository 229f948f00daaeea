"""The words for what goes over the wire to a chip: files, applications, commands, sections, status words."""

from tsm import jpki, sei
from tsm.jpki import File, Key, PasswordState

Pair = tuple[str, str]  # Japanese, English

FILES: dict[int, Pair] = {
    File.SIGNATURE_CERTIFICATE: ("署名用電子証明書", "signature certificate"),
    File.SIGNATURE_CA_CERTIFICATE: ("署名用の認証局の証明書", "signature authority's certificate"),
    File.TOKEN_INFO: ("トークン情報（カードかスマホか）", "token information (card or phone)"),
    File.AVAILABILITY: ("利用可否の情報", "availability"),
    File.AUTHENTICATION_CERTIFICATE: ("利用者証明用電子証明書", "user authentication certificate"),
    File.AUTHENTICATION_CA_CERTIFICATE: ("利用者証明用の認証局の証明書", "authentication authority's certificate"),
    File.AUTHENTICATION_KEY: ("利用者証明用の秘密鍵", "authentication private key"),
    File.AUTHENTICATION_PIN: ("利用者証明用の暗証番号（数字4桁）", "authentication PIN (4 digits)"),
    File.SIGNATURE_KEY: ("署名用の秘密鍵", "signature private key"),
    File.SIGNATURE_PASSWORD: ("署名用パスワード（英数字6〜16文字）", "signature password (6 to 16 letters and digits)"),
}
KEYS: dict[int, Pair] = {Key.AUTHENTICATION: ("利用者証明用", "authentication"), Key.SIGNATURE: ("署名用", "signature")}
PASSWORDS: dict[PasswordState, Pair] = {
    PasswordState.NOT_SET: ("未設定", "not set"),
    PasswordState.SET: ("設定済み", "set"),
    PasswordState.BLOCKED: ("ロック", "blocked"),
}
APPLICATIONS: dict[bytes, Pair] = {
    jpki.AID: ("公的個人認証（JPKI）アプリ", "JPKI application"),
    sei.ISSUER_DOMAIN: (
        "発行者のセキュリティドメイン（SEI-TSMの持ち場）",
        "issuer security domain (the SEI-TSM's)",
    ),
    sei.PROVIDER_DOMAIN: (
        "サービス提供者のセキュリティドメイン（SP-TSMの持ち場）",
        "provider's security domain (the SP-TSM's)",
    ),
}
# What a command is for, when nothing more is known of it than its instruction.
INSTRUCTIONS: dict[int, Pair] = {
    0x2C: ("パスワードを「未設定」に戻す", "Return a password to “not set”"),
    0x47: (
        "鍵ペアをチップの中で生成する。秘密鍵は外に出ない",
        "Generate a key pair in the chip; the private key never leaves it",
    ),
    0x50: ("SCP03の通信路を開き始める（乱数とカウンター）", "Begin an SCP03 channel (challenge and counter)"),
    0x82: ("TSMが鍵を持っていることを示し、通信路を開く", "Prove that the TSM has the keys: the channel is open"),
    0x88: ("鍵を持っていることを示させる（所持の証明）", "Have it prove that it holds the key"),
    0xA4: ("選ぶ", "Select"),
    0xB0: ("ファイルを読む", "Read a file"),
    0xC0: ("答えの続きを受け取る", "Fetch the rest of the answer"),
    0xCA: ("情報を尋ねる", "Ask for data"),
    0xD6: ("ファイルに書く", "Write a file"),
    0xD8: ("セキュリティドメインの鍵を書く", "Write keys of a security domain"),
    0xE2: ("データを書く", "Store data"),
    0xE4: ("消す", "Delete"),
    0xE6: ("設置する（ドメインかアプレット）", "Install a domain or an applet"),
    0xE8: ("アプレットのコードを送る", "Load the applet's code"),
    0xF0: ("状態を変える", "Change a state"),
    0xF2: ("何が入っているかを尋ねる", "Ask what is installed"),
    0x70: ("論理チャネルを開閉する", "Open or close a logical channel"),
}
SECTIONS: dict[str, Pair] = {
    "issuer": ("発行者のドメインを見る", "Look at the issuer's domain"),
    "provider": ("提供者のドメインを見る", "Look at the provider's domain"),
    "application": ("アプリを見る", "Look at the application"),
    "registry": ("エレメントの台帳を読む", "Read the element's registry"),
    "create_domain": ("提供者のドメインを作る", "Create the provider's domain"),
    "take_domain": ("提供者が自分の鍵に替える", "The provider puts in its own keys"),
    "finish_domain": ("提供者のドメインを仕上げる", "Finish the provider's domain"),
    "remove_package": ("前のアプレットを消す", "Remove the earlier applet"),
    "install_application": ("アプレットを入れる", "Load and install the applet"),
    "make_keys": ("鍵ペアを2つ作り、所持を証明させる", "Make two key pairs and have them proved"),
    "write_certificates": ("電子証明書を書き、読み戻して確かめる", "Write the certificates and read them back"),
    "lock": ("アプレットを止める・戻す", "Lock or unlock the applet"),
    "suspend": ("アプレットを止める", "Lock the applet"),
    "resume": ("アプレットを動かす", "Unlock the applet"),
    "add_keys": ("次の世代の鍵を加える", "Add the next generation of keys"),
    "drop_keys": ("前の世代の鍵を消す", "Drop the former generation of keys"),
    "delete": ("アプレットとドメインを消す", "Delete applet and domain"),
    "unblock": ("パスワードのロックを解く", "Unblock a password"),
    "add_issuer_keys": ("発行者の次の世代の鍵を加える", "Add the issuer's next keys"),
    "drop_issuer_keys": ("発行者の前の世代の鍵を消す", "Drop the issuer's former keys"),
    "add_domain_keys": ("提供者の次の世代の鍵を加える", "Add the provider's next keys"),
    "drop_domain_keys": ("提供者の前の世代の鍵を消す", "Drop the provider's former keys"),
}
MEANINGS: dict[int, str] = {
    0x9000: "成功",
    0x6282: "ファイルの終わりまで読んだ",
    0x6283: "選んだが、ロックされている",
    0x6300: "相手の認証に失敗",
    0x6310: "続きがある",
    0x6400: "理由なしの失敗",
    0x6581: "メモリーの故障",
    0x6700: "長さが違う",
    0x6881: "論理チャネルが開いていない",
    0x6882: "セキュアメッセージングに対応していない",
    0x6982: "条件を満たしていない（照合がまだ）",
    0x6983: "ロックされている",
    0x6984: "使えない（未設定か、ロック）",
    0x6985: "使用条件を満たしていない",
    0x6986: "許されない（ファイルを選んでいない）",
    0x6988: "セキュアメッセージングのMACが違う",
    0x6999: "アプリが選択を拒んだ",
    0x6A80: "データが正しくない",
    0x6A81: "その機能はない",
    0x6A82: "見つからない",
    0x6A84: "空きが足りない",
    0x6A86: "P1かP2が正しくない",
    0x6A88: "参照先が見つからない",
    0x6B00: "ファイルの終わりを越えた",
    0x6D00: "その命令はない",
    0x6E00: "そのクラスはない",
    0x6F00: "不明な失敗",
}
