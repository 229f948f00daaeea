"""A powered session with a chip, read aloud: each command and its answer in words of both languages, and their bytes.

Bytes of passwords are never in it, not even how many there were. What SCP03 protects is shown as it went over the wire,
with the words that the TSM noted when it planned the script: those need no key here.
"""

from collections.abc import Callable, Iterable, Sequence
from typing import Any

from tsm import describe, jpki
from tsm.globalplatform import commands, status
from tsm.globalplatform.apdu import Command, Response
from tsm.globalplatform.errors import ApduMalformed
from tsm.jpki import File, Key, PasswordState
from tsm.jpki.errors import AnswerMalformed

Pair = tuple[str, str]  # Japanese, English
Noted = tuple[str, str, str]  # the TSM's section, label and words

SHOWN_BYTES = 64  # of a command's or an answer's data
RUN = 3  # so many like commands in a row are told as one
SECURE_MESSAGING = 0x04
VERIFY, CHANGE, RESET, SIGN, GENERATE, CHANNEL = 0x20, 0x24, 0x2C, 0x2A, 0x47, 0x70
# Whose data is never shown when it isn't protected: passwords, and what a personaliser stores.
SECRET = frozenset({VERIFY, CHANGE, RESET, 0xD8, 0xE2})
MASK = "••"

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
    commands.ISSUER_SECURITY_DOMAIN_AID: (
        "発行者のセキュリティドメイン（SEI-TSMの持ち場）",
        "issuer security domain (the SEI-TSM's)",
    ),
    bytes.fromhex("D392F00026010000FF"): (
        "サービス提供者のセキュリティドメイン（SP-TSMの持ち場）",
        "provider's security domain (the SP-TSM's)",
    ),
}
_ABOUT_A_FILE = frozenset({VERIFY, CHANGE, SIGN, 0xB0})
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
    CHANNEL: ("論理チャネルを開閉する", "Open or close a logical channel"),
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
# Not a failure: what a reader meets on its way.
EXPECTED = frozenset({0x9000, 0x6282, 0x6283, 0x6310, 0x6B00})


class Reader:
    """Reads one powered session, command by command: what was selected is remembered, as the chip remembers it."""

    def __init__(self, noted: Sequence[Noted] = ()) -> None:
        """Take what the TSM noted of the commands, in their order, where it is the TSM that speaks."""
        self._noted = iter(noted)
        self._application = b""
        self._file = 0

    def read(self, sent: bytes, answered: bytes) -> dict[str, Any]:
        """Return a command and its answer as JSON; `answered` is empty where none came."""
        section, _label, words = next(self._noted, ("", "", "")) if sent[1:2] != b"\xc0" else ("", "", "")
        try:
            given = Command.parse(sent)
        except ApduMalformed:
            given = None
        answer = Response.parse(answered) if len(answered) >= 2 else None
        if given is None:
            return {"name": "?", "command": f"{MASK} {len(sent)}", "says": _pair(("命令ではない", "not a command"))}
        self._follow(given, answer)
        protected = bool(given.cla & SECURE_MESSAGING)
        says = INSTRUCTIONS.get(given.ins, ("", "")) if protected else self._says(given)
        told: dict[str, Any] = {
            "name": describe.name(given.ins),
            "command": _command(given, len(sent), protected),
            "says": _pair(says),
            "sent": len(sent),
            "received": max(len(answered) - 2, 0),
            "status": f"{answer.sw:04X}" if answer else "",
            "means": _pair(self._means(given, answer)),
        }
        if not protected and given.ins in _ABOUT_A_FILE:
            told["object"] = _pair(self._object(given))
        if answer and answer.data:
            told["answer"] = _cut(answer.data) if protected or self._open(given) else f"{MASK} {len(answer.data)}"
        if words:
            told["detail"] = words
        if section:
            told |= {"section": section, "section_title": _pair(SECTIONS.get(section, (section, section)))}
        if protected:
            told["protected"] = True
        if answer is None or (answer.sw not in EXPECTED and answer.sw >> 8 != 0x61 and not _asks_tries(given)):
            told["failed"] = True
        return told

    def _follow(self, given: Command, answer: Response | None) -> None:
        if given.ins != 0xA4 or answer is None or answer.sw not in (0x9000, 0x6283):
            return
        if given.p1 == 0x04:
            self._application, self._file = given.data or commands.ISSUER_SECURITY_DOMAIN_AID, 0
        elif given.p1 == 0x02 and not given.cla & SECURE_MESSAGING:
            self._file = int.from_bytes(given.data, "big")

    def _open(self, given: Command) -> bool:
        """Tell whether the answer's bytes may be shown: those of applications that are known to hold no secret."""
        return self._application in APPLICATIONS or given.ins in (0xA4, CHANNEL)

    def _object(self, given: Command) -> Pair:
        """Return what a command is about: the file that is selected, or the key that it names."""
        if given.ins == SIGN and given.p2 in list(Key):
            return FILES[Key(given.p2).file]
        return FILES.get(self._file, ("選んだファイル", "selected file"))

    def _says(self, given: Command) -> Pair:
        told = _SAYS.get(given.ins)
        if told is not None:
            return told(given, self._object(given))
        ja, en = INSTRUCTIONS.get(given.ins, ("", ""))
        return ja, f"{en}: {describe.command(given)}" if en else describe.command(given)

    def _means(self, given: Command, answer: Response | None) -> Pair:
        if answer is None:
            return "答えが届かなかった", "no answer came"
        ja, en = MEANINGS.get(answer.sw, ""), status.describe(answer.sw)[5:]
        if answer.sw >> 8 == 0x61:
            ja = f"続きが{answer.sw & 0xFF or 256}バイトある"
        elif answer.sw >> 8 == 0x6C:
            ja = f"Leが違う。{answer.sw & 0xFF or 256}バイトある"
        elif answer.sw & 0xFFF0 == 0x63C0:
            left = answer.sw & 0xF
            asked = _asks_tries(given)
            ja = f"あと{left}回試せる" if asked else f"違う。あと{left}回"
            en = f"{left} tries left" if asked else f"wrong, {left} tries left"
        more = _more(given, answer) if answer.ok and not given.cla & SECURE_MESSAGING else None
        return (f"{ja}：{more[0]}", f"{en}: {more[1]}") if more else (ja or en, en)


def read(pairs: Iterable[tuple[bytes, bytes]], noted: Sequence[Noted] = ()) -> list[dict[str, Any]]:
    """Return a whole session, runs of like commands as one with its `count`."""
    reader = Reader(noted)
    return runs(reader.read(sent, answered) for sent, answered in pairs)


def runs(told: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return commands with runs of like ones told as one: reads and writes of long files, blocks of code."""
    kept: list[list[dict[str, Any]]] = []
    for one in told:
        if kept and _like(kept[-1][0]) == _like(one):
            kept[-1].append(one)
        else:
            kept.append([one])
    return [line for run in kept for line in (run if len(run) < RUN else [_one(run)])]


def _like(one: dict[str, Any]) -> tuple[Any, ...]:
    return one["name"], one.get("status"), one.get("section"), one["name"] in ("READ BINARY", "UPDATE BINARY", "LOAD")


def _one(run: list[dict[str, Any]]) -> dict[str, Any]:
    first = run[0]
    if not _like(first)[-1]:
        return {**first, "count": len(run)} if len({line["command"] for line in run}) == 1 else _told_apart(run)
    return {
        **first,
        "count": len(run),
        "sent": sum(line["sent"] for line in run),
        "received": sum(line["received"] for line in run),
    }


def _told_apart(run: list[dict[str, Any]]) -> dict[str, Any]:
    """Return a run of one instruction that says something else each time: the first, with the others' details."""
    details = [line.get("detail") or line["says"]["en"] for line in run]
    return {
        **run[0],
        "count": len(run),
        "detail": " · ".join(dict.fromkeys(details))[:600],
        "sent": sum(line["sent"] for line in run),
        "received": sum(line["received"] for line in run),
    }


def _pair(both: Pair) -> dict[str, str]:
    return {"ja": both[0], "en": both[1]}


def _cut(data: bytes) -> str:
    told = data[:SHOWN_BYTES].hex().upper()
    return told if len(data) <= SHOWN_BYTES else f"{told}… ({len(data)})"


def _command(given: Command, length: int, protected: bool) -> str:
    """Return the command in hex; of a password neither the bytes nor how many."""
    header = given.header.hex().upper()
    if not given.data:
        return header + (f" {given.le % 256:02X}" if given.le is not None and length == 5 else "")
    if given.ins in SECRET and not protected:
        return f"{header} {MASK} {MASK}"
    return f"{header} {len(given.data):02X} {_cut(given.data)}"


def _asks_tries(given: Command) -> bool:
    return given.ins == VERIFY and not given.data


def _select(given: Command, _file: Pair) -> Pair:
    if given.p1 == 0x04:
        aid = given.data or commands.ISSUER_SECURITY_DOMAIN_AID
        ja, en = APPLICATIONS.get(aid, (aid.hex().upper(), aid.hex().upper()))
        return f"{ja}を選ぶ", f"Select the {en}"
    ja, en = FILES.get(int.from_bytes(given.data, "big"), (f"ファイル {given.data.hex().upper()}",) * 2)
    return f"{ja}のファイルを選ぶ", f"Select the file: {en}"


def _verify(given: Command, file: Pair) -> Pair:
    if not given.data:
        return f"{file[0]}の残り回数を尋ねる（回数は減らない）", f"Ask how many tries are left: {file[1]} (spends none)"
    return (
        f"{file[0]}を照合する。チップの中で比べられ、外へは出ない",
        f"Compare the {file[1]}: done in the chip, it never comes out",
    )


def _sign(given: Command, file: Pair) -> Pair:
    prefix = jpki.SHA256_DIGEST_INFO
    if given.data.startswith(prefix):
        digest = given.data[len(prefix) :].hex().upper()
        return (
            f"{file[0]}で署名する。SHA-256の値：{digest}",
            f"Sign with the {file[1]}. SHA-256 of what is signed: {digest}",
        )
    return f"{file[0]}で署名する", f"Sign with the {file[1]}"


def _read(given: Command, file: Pair) -> Pair:
    offset = given.p1 << 8 | given.p2
    return f"{file[0]}を{offset}バイト目から読む", f"Read the {file[1]} from byte {offset}"


def _get_data(given: Command, _file: Pair) -> Pair:
    tag = given.p1 << 8 | given.p2
    if tag == jpki.TAG_STATUS:
        return "鍵、電子証明書、パスワードのようすを尋ねる", "Ask for keys, certificates and passwords present"
    return f"タグ{tag:X}のデータを尋ねる", f"Ask for data object {tag:X}" + (
        f" ({describe.TAGS[tag]})" if tag in describe.TAGS else ""
    )


_SAYS: dict[int, Callable[[Command, Pair], Pair]] = {
    0xA4: _select,
    VERIFY: _verify,
    CHANGE: lambda given, file: (
        f"{file[0]}を設定する。値はチップにだけ渡る",
        f"Set the {file[1]}: it goes to the chip alone",
    ),
    SIGN: _sign,
    0xB0: _read,
    0xCA: _get_data,
}


def _more(given: Command, answer: Response) -> Pair | None:
    """Return what an answer says beyond its status word."""
    if given.ins == SIGN and answer.data:
        return f"署名（{len(answer.data)}バイト）", f"a signature of {len(answer.data)} bytes"
    if given.ins == 0xCA and given.p1 << 8 | given.p2 == jpki.TAG_STATUS:
        try:
            return _status(jpki.parse_status(answer.data))
        except AnswerMalformed:
            return None
    if given.ins == 0xB0 and answer.data[:2] == b"\x30\x82" and not given.p1 | given.p2:
        length = jpki.certificate_length(answer.data)
        return (
            f"X.509の証明書（DER、{length}バイト）の始まり",
            f"the beginning of an X.509 certificate (DER, {length} bytes)",
        )
    if given.ins == 0xB0 and not given.p1 | given.p2 and answer.data[:4] == b"JPKI":
        label = jpki.token_label(answer.data)
        return (label, label)
    return None


def _status(told: jpki.ApplicationStatus) -> Pair:
    ja, en = [], []
    for key in (Key.SIGNATURE, Key.AUTHENTICATION):
        name, state = KEYS[key], PASSWORDS[told.passwords[key]]
        has_key, has_certificate = key in told.keys, key in told.certificates
        left = told.tries_left[key]
        ja.append(
            f"{name[0]}＝鍵{'あり' if has_key else 'なし'}・証明書{'あり' if has_certificate else 'なし'}・"
            f"パスワード{state[0]}（残り{left}回）"
        )
        en.append(
            f"{name[1]}: key {'present' if has_key else 'absent'}, certificate "
            f"{'present' if has_certificate else 'absent'}, password {state[1]} ({left} tries)"
        )
    return "、".join(ja), "; ".join(en)
