"""What can go wrong at the TSMs: each with a stable code, none with HTTP."""

from typing import Any, ClassVar


class TsmError(Exception):
    """Base of all: `code` is for programs, `data` for whoever words it."""

    code: ClassVar[str] = "tsm_error"

    def __init__(self, message: str = "", **data: Any) -> None:
        super().__init__(message or self.code)
        self.data = data


class PhoneUnknown(TsmError):
    code = "phone_unknown"


class PhoneNotSupported(TsmError):
    """The model isn't on the published list; `reason` says why."""

    code = "phone_not_supported"


class PhoneInUse(TsmError):
    """The phone has certificates, or an application under way."""

    code = "phone_in_use"


class ApplicationTextWrong(TsmError):
    """What was signed isn't the application text that this phone was given."""

    code = "application_text_wrong"


class ApplicationRefused(TsmError):
    """The signature or the card's certificate doesn't hold; `reason` is one of `ca.status.Reason`."""

    code = "application_refused"


class CardAuthenticationCertificateMissing(TsmError):
    """No card certificate, no phone certificate: the holder's card has no valid authentication certificate."""

    code = "card_authentication_certificate_missing"


class EnrolmentUnknown(TsmError):
    code = "enrolment_unknown"


class WrongState(TsmError):
    """The enrolment isn't where this step belongs."""

    code = "wrong_state"


class ActivationRefused(TsmError):
    """A signature over the activation text isn't by the key of the new certificate."""

    code = "activation_refused"


class EndRefused(TsmError):
    """The request to end the use of the phone isn't signed by the phone's signature key."""

    code = "end_refused"


class ConversationUnknown(TsmError):
    code = "conversation_unknown"


class HandshakeMissing(TsmError):
    """A phone that never shook hands asks for an order."""

    code = "handshake_missing"


class ReportMalformed(TsmError):
    code = "report_malformed"


class LegFailed(TsmError):
    """The element answered other than the script allows; `label` and `status_word` say where and what."""

    code = "leg_failed"


class LegTruncated(LegFailed):
    """The report ends before the script does: torn on the way, or in the element."""

    code = "leg_truncated"


class KeyProofWrong(LegFailed):
    """The element's proof of possession doesn't verify under the key that it reported."""

    code = "key_proof_wrong"


class ReadBackDiffers(LegFailed):
    """What was read back from the element isn't what was written."""

    code = "read_back_differs"


class LoadFileRefused(TsmError):
    """A load file isn't the applet's, isn't in the store, or isn't what the provider signed."""

    code = "load_file_refused"


class MessageMalformed(TsmError):
    """A System Messaging request or answer isn't of the form that its function has."""

    code = "message_malformed"


class TokenRefused(TsmError):
    """The issuer gives no token for this command."""

    code = "token_refused"


class ReceiptWrong(TsmError):
    """A receipt isn't by this element's key, or not the one that was due."""

    code = "receipt_wrong"


class ResumeRefused(TsmError):
    """The request to use the phone again isn't signed by the phone's signature key."""

    code = "resume_refused"


class UnblockRefused(TsmError):
    """The request to have a password unblocked isn't signed as it must be: by the card, or by the phone's other key."""

    code = "unblock_refused"


class ElementNotFit(TsmError):
    """An element that was to be registered won't do, or the given keys aren't its own."""

    code = "element_not_fit"


class SecretMissing(TsmError):
    """This process was not given the TSM's master key."""

    code = "tsm_master_key_missing"
