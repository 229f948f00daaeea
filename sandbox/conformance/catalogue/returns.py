"""The way back: what the citizen's browser brings to the service's address."""

from sandbox.conformance.catalogue.case import Case, Topic, Visit
from whitelist.register import Text

_NOT_THIS_SESSION = Text(
    "戻ってきたのは、このセッションが頼んだものではない。他人の結果を差し込まれる。",
    "It isn't what this session asked for: somebody else's result would be slipped in.",
)
_WHO_SENT_IT = Text(
    "どの発行者からの戻りか確かめないと、別のシステムの符号を送らせる攻撃（mix-up）を受ける。",
    "Unless it is sure who sent it, a code can be made to go to another system (mix-up, RFC 9207).",
)


def _case(name: str, title: Text, done: Text, why: Text, fault: str = "", visit: Visit = Visit.ANSWER) -> Case:
    return Case(name, Topic.RETURN, title, done, why, faults=(fault,) if fault else (), visit=visit)


CASES = (
    _case(
        "return-state-wrong",
        Text("stateが違う", "Another state"),
        Text("戻り先のstateを別の値にする。", "The state in the return address is another one."),
        _NOT_THIS_SESSION,
        "return_state_wrong",
    ),
    _case(
        "return-state-missing",
        Text("stateがない", "No state"),
        Text("戻り先からstateを除く。", "The return address has no state."),
        _NOT_THIS_SESSION,
        "return_state_missing",
    ),
    _case(
        "return-issuer-wrong",
        Text("issが別のシステム", "Another issuer"),
        Text("戻り先のissを別のシステムにする。", "iss in the return address names another system."),
        _WHO_SENT_IT,
        "return_iss_wrong",
    ),
    _case(
        "return-issuer-missing",
        Text("issがない", "No issuer"),
        Text("戻り先からissを除く。", "The return address has no iss."),
        _WHO_SENT_IT,
        "return_iss_missing",
    ),
    _case(
        "return-hand-off-other",
        Text("別の依頼の番号", "Another hand-off's id"),
        Text("戻り先のhandoffを別の番号にする。", "handoff in the return address is another one."),
        _NOT_THIS_SESSION,
        "return_hand_off_other",
    ),
    _case(
        "return-code-wrong",
        Text("発行していない符号", "A code that was never issued"),
        Text("戻り先のcodeを作り物にする。", "The code in the return address is made up."),
        Text("引き換えられない符号に結果はない。", "A code that can't be redeemed stands for no result."),
        "return_code_wrong",
    ),
    _case(
        "return-code-missing",
        Text("符号がない", "No code"),
        Text("戻り先からcodeを除く。", "The return address has no code."),
        Text(
            "符号なしに状態を問い合わせても、この利用者が答えた証拠にならない。",
            "Without a code nothing says that this browser's citizen answered.",
        ),
        "return_code_missing",
    ),
    _case(
        "return-code-of-other-session",
        Text("別のセッションの符号", "A code of another session"),
        Text(
            "handoff、state、codeが、そろって同じサービスの別の依頼のもの。",
            "handoff, state and code are all those of another hand-off of the same service.",
        ),
        _NOT_THIS_SESSION,
        "return_code_of_other_session",
    ),
    _case(
        "return-replayed",
        Text("戻り先の再利用", "The return is replayed"),
        Text(
            "受け取られた戻り先を、別のブラウザでもう一度開く。判定は二度目について。",
            "The address that was accepted is opened again in another browser. The second one is judged.",
        ),
        Text(
            "履歴やログから漏れた戻り先で、他人がログインできてしまう。",
            "Whoever finds the address in a history or log would be signed in.",
        ),
        visit=Visit.TWICE,
    ),
    _case(
        "return-in-other-browser",
        Text("別のブラウザに戻る", "Back in another browser"),
        Text(
            "依頼を始めていないブラウザ（Cookieなし）で戻り先を開く。",
            "The return address is opened in a browser that began nothing (no cookie).",
        ),
        Text(
            "誘い出された利用者の回答が、攻撃者の依頼に使われる。",
            "The answer of a citizen who was lured would complete somebody else's request.",
        ),
        visit=Visit.ELSEWHERE,
    ),
    _case(
        "citizen-declined",
        Text("利用者が断った", "The citizen said no"),
        Text("スマホで「断る」を選んで戻る。", "The citizen declines on the phone and goes back."),
        Text("断られた依頼に結果はない。", "There is no result of what was declined."),
        visit=Visit.DECLINE,
    ),
    _case(
        "citizen-too-late",
        Text("時間切れ", "Out of time"),
        Text("10分たってから戻る。", "The ten minutes are over when the citizen goes back."),
        Text("時間切れの依頼に結果はない。", "There is no result of what has expired."),
        visit=Visit.TIME_OUT,
    ),
)
