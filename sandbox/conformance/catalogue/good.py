"""What a service must accept: who refuses everything has passed nothing."""

from sandbox.conformance.catalogue.case import AUTHENTICATION, SIGNING, Case, Topic
from whitelist.register import Text

CASES = (
    Case(
        "good-authentication",
        Topic.GOOD,
        Text("正しい認証", "An authentication as it should be"),
        Text("利用者がスマホで答える。何も変えない。", "The citizen answers with the phone. Nothing is changed."),
        Text("正しい回答は受け取る。", "A good answer is accepted."),
        accepted=True,
        purposes=AUTHENTICATION,
    ),
    Case(
        "good-again",
        Topic.GOOD,
        Text("同じ利用者の二度目の認証", "The same citizen authenticates again"),
        Text("同じスマホで、新しい依頼にもう一度答える。", "The same phone answers another request."),
        Text(
            "再利用を防ぐ仕組みが、正しい利用者を締め出してはならない。",
            "What stops replays must not lock the citizen out.",
        ),
        accepted=True,
        purposes=AUTHENTICATION,
    ),
    Case(
        "good-signature",
        Topic.GOOD,
        Text("正しい署名", "A signature as it should be"),
        Text("利用者がスマホで署名する。何も変えない。", "The citizen signs with the phone. Nothing is changed."),
        Text("正しい署名は受け取る。", "A good signature is accepted."),
        accepted=True,
        purposes=SIGNING,
    ),
    Case(
        "good-card",
        Topic.GOOD,
        Text("マイナンバーカードでの回答", "The My Number Card answers"),
        Text("依頼が許すので、カードで答える。", "The request allows it, so the card answers."),
        Text("カードも頼んだサービスは、カードの回答も受け取る。", "Who asked for the card, too, accepts it."),
        accepted=True,
        card=True,
    ),
)
