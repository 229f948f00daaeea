"""What the two roles ask each other, by the names of GlobalPlatform's System Messaging (facts 8.1), as typed messages.

Every message is a frozen dataclass of text, numbers and flags, so that it goes through JSON as it is: the roles may
stand on two hosts. An element is named by its number (IIN and CIN) in hex, a service instance by its enrolment's
reference, commands and answers are in hex.
"""

from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol


class Execution(StrEnum):
    """FunctionExecutionStatus: whether a function did what was asked."""

    SUCCESS = "EXECUTED_SUCCESS"
    FAILED = "FAILED"


@dataclass(frozen=True)
class CheckGlobalEligibility:
    """May this element, in a phone of this model, hold the service?"""

    secure_element: str
    device_model: str


@dataclass(frozen=True)
class Eligibility:
    eligible: bool
    reasons: tuple[str, ...] = ()


@dataclass(frozen=True)
class GenerateDMToken:
    """Sign these orders, which the provider's domain is to give: INSTALL and DELETE, whole APDUs in the clear."""

    secure_element: str
    service: str
    commands: tuple[str, ...]


@dataclass(frozen=True)
class UpdatedCCMCommands:
    """The orders with their tokens in place."""

    commands: tuple[str, ...]


@dataclass(frozen=True)
class VerifyDMReceipt:
    """Are these answers (data without status word) the element's receipts for these orders?"""

    secure_element: str
    service: str
    commands: tuple[str, ...]
    answers: tuple[str, ...]


@dataclass(frozen=True)
class ReceiptsVerified:
    """How many receipts the element has given so far, by the newest of them."""

    counter: int


@dataclass(frozen=True)
class DeployService:
    """InstallServiceCommand and PersonalizeServiceCommand: a holder's application for a phone, signed with the card.

    `certificate` (DER) and `signature` in hex.
    """

    phone: str
    application: str
    certificate: str
    signature: str


@dataclass(frozen=True)
class ServiceDeployed:
    """The new service instance, and how far it is."""

    service: str
    state: str


@dataclass(frozen=True)
class ActivateService:
    """ActivateServiceCommand: the activation text, signed with both keys, in hex."""

    service: str
    signature: str
    user_authentication: str


@dataclass(frozen=True)
class ServiceInstance:
    """GetServiceState, UpgradeService or TerminateService of this instance."""

    service: str
    source: str = ""


@dataclass(frozen=True)
class SuspendOrResumeService:
    """Suspend the service (`suspension_control` true), or let it go on."""

    service: str
    suspension_control: bool
    source: str


@dataclass(frozen=True)
class UnblockService:
    """PersonalizeServiceCommand for one password: `signature` or `user_authentication` back to "not set"."""

    service: str
    purpose: str
    source: str


@dataclass(frozen=True)
class HandleSEStatusChangeNotification:
    """Something became known about an element in use: `signal` is one of `tsm.measures.Signal`."""

    service: str
    signal: str
    source: str


@dataclass(frozen=True)
class ServiceState:
    """How a service instance stands."""

    state: str
    suspended: bool
    orders: tuple[str, ...]
    applet_version: str
    upgrade_available: bool


class SeiTsm(Protocol):
    """What the issuer's trusted service manager does for the provider's."""

    def check_global_eligibility(self, asked: CheckGlobalEligibility) -> Eligibility: ...

    def generate_dm_token(self, asked: GenerateDMToken) -> UpdatedCCMCommands: ...

    def verify_dm_receipt(self, asked: VerifyDMReceipt) -> ReceiptsVerified: ...


class SpTsm(Protocol):
    """What the service provider's trusted service manager does for whoever serves the holder."""

    def deploy_service(self, asked: DeployService) -> ServiceDeployed: ...

    def activate_service(self, asked: ActivateService) -> ServiceState: ...

    def upgrade_service(self, asked: ServiceInstance) -> ServiceState: ...

    def get_service_state(self, asked: ServiceInstance) -> ServiceState: ...

    def suspend_or_resume_service(self, asked: SuspendOrResumeService) -> ServiceState: ...

    def unblock_service(self, asked: UnblockService) -> ServiceState: ...

    def terminate_service(self, asked: ServiceInstance) -> ServiceState: ...

    def handle_se_status_change_notification(self, asked: HandleSEStatusChangeNotification) -> ServiceState: ...
