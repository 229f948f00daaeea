"""What the validator says of each thing that must hold of a client assertion: its name, and what to do about it."""

from collections.abc import Mapping
from dataclasses import dataclass

from whitelist.credentials.assertions import Check
from whitelist.register import Text


@dataclass(frozen=True)
class Said:
    """One check in words: `name` says what must hold, `remedy` what to do where it doesn't."""

    name: Text
    remedy: Text


CHECKS: Mapping[Check, Said] = {
    Check.FORM: Said(
        Text("JWTの形をしている", "It has the form of a JWT"),
        Text(
            "ピリオドで区切った3つの部分からなるJWT（JWS Compact）を、8192文字以内で、そのまま貼り付けてください。",
            "Paste the JWT as it is: three parts with full stops between (JWS compact), at most 8192 characters.",
        ),
    ),
    Check.NAMES: Said(
        Text("ヘッダーにkid、本体にissがある", "The header has kid, the claims have iss"),
        Text(
            "ヘッダーのkidに鍵の識別名（一覧にあるもの）、issにサービスの識別名を、文字列で入れてください。",
            "Put the key's id (as in the list) into the header's kid and the service's client id into iss, as texts.",
        ),
    ),
    Check.CLIENT: Said(
        Text(
            "issのサービスがあり、表明で使う鍵を持っている", "There is a service of that iss, with a key for assertions"
        ),
        Text(
            "issを、サービスの識別名と一字一句同じにしてください。TLSの鍵しかないサービスは、表明を使えません。",
            "Make iss the service's client id, to the letter. A service with keys for TLS alone can't use assertions.",
        ),
    ),
    Check.KEY: Said(
        Text("kidの鍵が、そのサービスのもの", "The key of that kid is the service's"),
        Text(
            "kidを、一覧にある鍵の識別名と同じにしてください。RFC 7638の拇印です。",
            "Make kid the id of a key in the list. It is the thumbprint of RFC 7638.",
        ),
    ),
    Check.ALGORITHM: Said(
        Text("algがES256", "alg is ES256"),
        Text("P-256の鍵でES256を使って署名してください。", "Sign with ES256, with a key on P-256."),
    ),
    Check.SIGNATURE: Said(
        Text("署名が、その鍵のもの", "The signature is that key's"),
        Text(
            "kidの公開鍵と組になる秘密鍵で署名してください。署名はR‖Sの64バイトで、DERではありません。",
            "Sign with the private key that belongs to the public key of that kid. The signature is R‖S, 64 octets, "
            "and not DER.",
        ),
    ),
    Check.SUBJECT: Said(
        Text("subがissと同じ", "sub equals iss"),
        Text("subにも、サービスの識別名を入れてください。", "Put the service's client id into sub, too."),
    ),
    Check.AUDIENCE: Said(
        Text("audが、このサイトのトークンの発行先だけ", "aud is the token endpoint of this site, and nothing else"),
        Text(
            "audを、トークンの発行先のアドレス一つだけにしてください。末尾の斜線も区別されます。",
            "Make aud the one address of the token endpoint. A slash at its end matters.",
        ),
    ),
    Check.EXPIRY: Said(
        Text("expが、今より先で5分以内", "exp lies ahead, by 5 minutes at most"),
        Text(
            "expを、今から5分以内の秒数（数値）にしてください。ミリ秒ではありません。時計のずれは30秒まで許されます。",
            "Make exp a number of seconds (not milliseconds) within 5 minutes from now. Clocks may differ by 30 s.",
        ),
    ),
    Check.ISSUED: Said(
        Text("iatとnbfが、あれば、先の時刻でない", "iat and nbf, if there are any, aren't in the future"),
        Text("機械の時計を合わせてください。", "Set the machine's clock right."),
    ),
    Check.KEY_GOOD: Said(
        Text("鍵が有効", "The key is good now"),
        Text(
            "鍵が無効にされたか、期限の外です。一覧を確かめ、有効な鍵で署名してください。",
            "The key is disabled, or outside its time. See the list, and sign with a key that is good.",
        ),
    ),
    Check.ID: Said(
        Text("jtiがある", "There is a jti"),
        Text(
            "jtiに、毎回違う文字列（UUIDなど）を入れてください。",
            "Put a text into jti that is another each time, such as a UUID.",
        ),
    ),
    Check.UNUSED: Said(
        Text("まだ使われていない", "It wasn't used yet"),
        Text(
            "一つの表明は一度しか使えません。トークンを求めるたびに、新しいjtiで作ってください。",
            "An assertion is good once. Make a new one, with a new jti, for each token.",
        ),
    ),
}
