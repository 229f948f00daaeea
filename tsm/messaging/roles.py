"""Both roles, as they stand here: System Messaging's functions carried out on the rows of this house."""

import uuid

from django.db.models import F

from ca import journal
from ca.profiles import Purpose
from tsm import compatibility, keysets, measures, sei, services
from tsm import enrolment as enrolments
from tsm.enrolment.life import UNDER_WAY
from tsm.errors import EnrolmentUnknown, MessageMalformed, PhoneUnknown, ReceiptWrong, TokenRefused
from tsm.globalplatform import commands, delegation, tlv
from tsm.globalplatform.apdu import Command
from tsm.globalplatform.errors import ApduMalformed, GlobalPlatformError
from tsm.jpki import AID, PACKAGE_AID
from tsm.messaging.functions import (
    ActivateService,
    CheckGlobalEligibility,
    DeployService,
    Eligibility,
    GenerateDMToken,
    HandleSEStatusChangeNotification,
    ReceiptsVerified,
    ServiceDeployed,
    ServiceInstance,
    ServiceState,
    SuspendOrResumeService,
    UnblockService,
    UpdatedCCMCommands,
    VerifyDMReceipt,
)
from tsm.models import Enrolment, Phone, SecureElement
from tsm.purposes import KEYS

# What the issuer lets the provider's domain manage by itself.
MANAGED = frozenset({AID, PACKAGE_AID})


class LocalSeiTsm:
    """SEI-TSM: the element registry, its eligibility, tokens and receipts."""

    def check_global_eligibility(self, asked: CheckGlobalEligibility) -> Eligibility:
        """Tell whether the element is ours and the phone's model will do."""
        model = compatibility.find(asked.device_model)
        reasons = []
        if model is None:
            reasons.append(str(compatibility.Reason.NO_SECURE_ELEMENT))
        else:
            against = compatibility.reason_against(model)
            reasons += [str(against)] if against is not None else []
        if not reasons and SecureElement.of_number(asked.secure_element) is None:
            reasons.append(str(compatibility.Reason.NO_SECURE_ELEMENT))
        return Eligibility(not reasons, tuple(reasons))

    def generate_dm_token(self, asked: GenerateDMToken) -> UpdatedCCMCommands:
        """Bind each order to the element and to one use, and sign it. Raises `TokenRefused`.

        Only for an application that is under way or in use, and only for what is the provider's.
        """
        element = _element(asked.secure_element)
        enrolment = _enrolment(asked.service)
        if enrolment.element_id != element.pk or enrolment.state not in (*UNDER_WAY, Enrolment.State.ACTIVE):
            raise TokenRefused("no service of that reference is on this element")
        updated = []
        for text in asked.commands:
            order = _command(text)
            _require_managed(order)
            number = _next_token_number(element)
            try:
                order = delegation.bound(order, iin=bytes(element.iin), cin=bytes(element.cin), number=number)
                token = delegation.sign(keysets.token_key(), delegation.signed_text(order))
                updated.append(delegation.with_token(order, token).encode().hex().upper())
            except GlobalPlatformError as error:
                raise TokenRefused(f"not an order that takes a token: {error}") from error
            journal.record(
                enrolment.realm, "token.generated", element.identifier, number=number, ins=f"{order.ins:02X}"
            )
        return UpdatedCCMCommands(tuple(updated))

    def verify_dm_receipt(self, asked: VerifyDMReceipt) -> ReceiptsVerified:
        """Check that each answer is this element's receipt for that order, and newer than all before it.

        Raises `ReceiptWrong`.
        """
        element = _element(asked.secure_element)
        key = keysets.receipt_key(bytes(element.iin) + bytes(element.cin))
        if len(asked.commands) != len(asked.answers):
            raise ReceiptWrong("one answer for each order")
        counter = element.receipt_counter
        for text, answer in zip(asked.commands, asked.answers, strict=True):
            try:
                found = delegation.confirmation(bytes.fromhex(answer))
                done = delegation.done_by(_command(text), sei.PROVIDER_DOMAIN)
            except (GlobalPlatformError, ValueError) as error:
                raise ReceiptWrong(f"no receipt: {error}") from error
            if found is None or not delegation.is_genuine(found, done, key):
                raise ReceiptWrong("not this element's receipt for this order")
            if found.counter <= counter:
                raise ReceiptWrong("a receipt that was there before", counter=found.counter)
            counter = found.counter
        moved = SecureElement.objects.filter(pk=element.pk, receipt_counter=element.receipt_counter)
        if not moved.update(receipt_counter=counter):
            raise ReceiptWrong("another report of this element came first")
        return ReceiptsVerified(counter)


class LocalSpTsm:
    """SP-TSM: the service instances."""

    def deploy_service(self, asked: DeployService) -> ServiceDeployed:
        """Take a holder's signed application: install and personalise from here on."""
        try:
            phone = Phone.objects.filter(reference=uuid.UUID(asked.phone)).first()
            certificate, signature = bytes.fromhex(asked.certificate), bytes.fromhex(asked.signature)
        except ValueError as error:
            raise MessageMalformed(f"DeployService: {error}") from None
        if phone is None:
            raise PhoneUnknown(f"no phone {asked.phone!r}")
        made = enrolments.apply(phone, text=asked.application, certificate=certificate, signature=signature)
        return ServiceDeployed(str(made.reference), made.state)

    def activate_service(self, asked: ActivateService) -> ServiceState:
        """Make the pair valid: the phone has signed the activation text with both keys."""
        enrolment = _enrolment(asked.service)
        try:
            signatures = {
                Purpose.SIGNATURE: bytes.fromhex(asked.signature),
                Purpose.USER_AUTHENTICATION: bytes.fromhex(asked.user_authentication),
            }
        except ValueError as error:
            raise MessageMalformed(f"ActivateService: {error}") from None
        enrolments.activate(enrolment, signatures=signatures)
        return _state(enrolment)

    def upgrade_service(self, asked: ServiceInstance) -> ServiceState:
        """Tell the holder that there is a newer applet, which comes with an application on the same phone."""
        enrolment = _enrolment(asked.service)
        services.offer_upgrade(enrolment)
        return _state(enrolment)

    def get_service_state(self, asked: ServiceInstance) -> ServiceState:
        """Return how the service stands, from the rows."""
        return _state(_enrolment(asked.service))

    def suspend_or_resume_service(self, asked: SuspendOrResumeService) -> ServiceState:
        """Suspend the service, or let it go on."""
        enrolment = _enrolment(asked.service)
        act = services.suspend if asked.suspension_control else services.resume
        act(enrolment, source=asked.source)
        return _state(enrolment)

    def unblock_service(self, asked: UnblockService) -> ServiceState:
        """Have one password returned to "not set"."""
        enrolment = _enrolment(asked.service)
        if asked.purpose not in list(Purpose):
            raise MessageMalformed(f"no purpose {asked.purpose!r}")
        services.unblock(enrolment, KEYS[Purpose(asked.purpose)], source=asked.source)
        return _state(enrolment)

    def terminate_service(self, asked: ServiceInstance) -> ServiceState:
        """End the service: revoked at once, deleted when the element is next seen."""
        enrolment = _enrolment(asked.service)
        services.terminate(enrolment, source=asked.source)
        return _state(enrolment)

    def handle_se_status_change_notification(self, asked: HandleSEStatusChangeNotification) -> ServiceState:
        """Take a signal that the phone may have left its holder."""
        enrolment = _enrolment(asked.service)
        if asked.signal not in list(measures.Signal):
            raise MessageMalformed(f"no signal {asked.signal!r}")
        measures.report(enrolment, measures.Signal(asked.signal), source=asked.source)
        return _state(enrolment)


def _state(enrolment: Enrolment) -> ServiceState:
    return services.state(Enrolment.objects.select_related("element").get(pk=enrolment.pk))


def _enrolment(reference: str) -> Enrolment:
    try:
        found = Enrolment.objects.filter(reference=uuid.UUID(reference)).first()
    except ValueError:
        found = None
    if found is None:
        raise EnrolmentUnknown(f"no service {reference!r}")
    return found


def _element(number: str) -> SecureElement:
    found = SecureElement.of_number(number)
    if found is None:
        raise PhoneUnknown(f"no element {number!r} in the registry")
    return found


def _next_token_number(element: SecureElement) -> int:
    SecureElement.objects.filter(pk=element.pk).update(token_counter=F("token_counter") + 1)
    return SecureElement.objects.values_list("token_counter", flat=True).get(pk=element.pk)


def _command(text: str) -> Command:
    try:
        return Command.parse(bytes.fromhex(text))
    except (ValueError, ApduMalformed) as error:
        raise TokenRefused(f"not a command: {error}") from error


def _require_managed(order: Command) -> None:
    """Refuse an order about anything that isn't the provider's own. Raises `TokenRefused`."""
    try:
        if order.ins == commands.INS_DELETE:
            name = tlv.find(order.data, delegation.TAG_AID)
            named = {name.value} if name else set()
        elif order.ins == commands.INS_INSTALL:
            fields = tlv.parse_fields(order.data)
            named = {fields[0] or fields[2]}
        else:
            raise TokenRefused(f"instruction {order.ins:02X} takes no token")
    except (GlobalPlatformError, IndexError) as error:
        raise TokenRefused(f"not an order: {error}") from error
    if not named or not named <= MANAGED:
        raise TokenRefused("only what is the provider's own is delegated")
