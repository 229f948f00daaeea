"""What an answer of the JPKI application may fail to prove."""

from tsm.errors import TsmError


class JpkiError(TsmError):
    """An answer of the JPKI application that does not prove what it should."""

    code = "jpki_error"


class AnswerMalformed(JpkiError):
    code = "jpki_answer_malformed"


class ProofWrong(JpkiError):
    code = "jpki_proof_wrong"
