"""A powered session with a chip, read aloud: each command and its answer in words of both languages, and their bytes.

Bytes of passwords are never in it, not even how many there were. What SCP03 protects is shown as it went over the wire,
with the words that the TSM noted when it planned the script: those need no key here.
"""

from collections.abc import Callable, Iterable, Sequence
from typing import Any

from sandbox.trace.vocabulary import APPLICATIONS, FILES, INSTRUCTIONS, KEYS, MEANINGS, PASSWORDS, SECTIONS, Pair
from tsm import describe, jpki, sei
from tsm.globalplatform import status
from tsm.globalplatform.apdu import Command, Response
from tsm.globalplatform.errors import ApduMalformed
from tsm.jpki import Key
from tsm.jpki.errors import AnswerMalformed

Noted = tuple[str, str, str]  # the TSM's section, label and words

SHOWN_BYTES = 64  # of a command's or an answer's data
RUN = 3  # so many like commands in a row are told as one
SECURE_MESSAGING = 0x04
VERIFY, CHANGE, RESET, SIGN, GENERATE, CHANNEL = 0x20, 0x24, 0x2C, 0x2A, 0x47, 0x70
# Whose data is never shown when it isn't protected: passwords, and what a personaliser stores.
SECRET = frozenset({VERIFY, CHANGE, RESET, 0xD8, 0xE2})
MASK = "••"

_ABOUT_A_FILE = frozenset({VERIFY, CHANGE, SIGN, 0xB0})
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
            return {
                "name": "?",
                "command": f"{MASK} {len(sent)}",
                "says": _pair(("命令ではない", "not a command")),
                "sent": len(sent),
                "received": max(len(answered) - 2, 0),
            }
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
            self._application, self._file = given.data or sei.ISSUER_DOMAIN, 0
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
        aid = given.data or sei.ISSUER_DOMAIN
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
