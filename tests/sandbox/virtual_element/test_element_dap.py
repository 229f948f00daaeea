"""Item 12: load files signed by those who must answer for them (DAP)."""

import pytest
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.hashes import SHA256

from sandbox.virtual.element import Element
from tests.sandbox.virtual_element.signers import SIGNERS, Aes, Rsa, Signer, put
from tests.sandbox.virtual_element.workbench import (
    DOMAIN,
    DOMAIN_KEYS,
    ISD,
    ISSUER_KEYS,
    PACKAGE,
    Session,
    block,
    content,
    manufactured,
)
from tsm.globalplatform import commands, loadfile, tlv
from tsm.globalplatform.apdu import Command
from tsm.globalplatform.commands import Target

DAP, MANDATED_DAP = "C00000", "C10000"
HASH = loadfile.digest(block())


def checking(signer: Signer, privileges: str) -> Element:
    """Return an element with a personalised domain that checks the signatures of load files."""
    element = manufactured()
    Session(element).do(commands.install_ssd(DOMAIN, privileges=bytes.fromhex(privileges)))
    session = Session(element, aid=DOMAIN)
    session.do(commands.put_key(DOMAIN_KEYS, dek=ISSUER_KEYS.dek))
    assert session.send_in_parts(put(signer, 0x73, ISSUER_KEYS.dek)).ok
    session.do(commands.set_status(Target.APPLICATION, 0x0F, DOMAIN))
    return element


def dap(aid: bytes, signature: bytes) -> bytes:
    return tlv.encode(0xE2, tlv.encode(0x4F, aid) + tlv.encode(0xC3, signature))


def load(into: bytes, *daps: bytes, block_hash: bytes = HASH) -> list[Command]:
    """Return the commands that load the notebook with these DAP blocks before it."""
    file = b"".join(daps) + tlv.encode(0xC4, block())
    parts = [file[at : at + 200] for at in range(0, len(file), 200)]
    return [
        commands.install_for_load(PACKAGE, domain=into, block_hash=block_hash),
        *(
            Command(0x80, 0xE8, 0x80 if number == len(parts) - 1 else 0x00, number, part, 256)
            for number, part in enumerate(parts)
        ),
    ]


@pytest.mark.parametrize("kind", SIGNERS)
def test_item_12_a_load_file_with_a_right_dap_of_each_kind_is_taken(kind: str) -> None:
    element = checking(SIGNERS[kind], DAP)
    Session(element).do(*load(DOMAIN, dap(DOMAIN, SIGNERS[kind].sign(HASH))))
    assert PACKAGE in content(element)


@pytest.mark.parametrize(
    ("script", "sw"),
    [
        (load(DOMAIN), 0x6982),
        (load(DOMAIN, dap(DOMAIN, Aes().sign(b"another hash"))), 0x6982),
        (load(DOMAIN, dap(DOMAIN, Aes().sign(HASH)), dap(ISD, Aes().sign(HASH))), 0x6982),
        (load(DOMAIN, dap(b"nobody", Aes().sign(HASH))), 0x6982),
        (load(DOMAIN, dap(DOMAIN, Aes().sign(HASH)), block_hash=b""), 0x6A80),
        (load(DOMAIN, dap(DOMAIN, Aes().sign(HASH)), dap(DOMAIN, Aes().sign(HASH))), 0x6A80),
        (load(DOMAIN, tlv.encode(0xE2, b"\x4f\x01\x00")), 0x6A80),
    ],
)
def test_item_12_a_wrong_or_missing_dap_leaves_nothing(script: list[Command], sw: int) -> None:
    element = checking(Aes(), DAP)
    session = Session(element)
    session.do(*script[:-1])
    session.expect(sw, script[-1])
    assert PACKAGE not in content(element)


def test_a_dap_is_asked_for_loads_to_that_domain_only_unless_it_is_mandated() -> None:
    Session(checking(Aes(), DAP)).do(*load(ISD))
    session = Session(checking(Aes(), MANDATED_DAP))
    *first, last = load(ISD)
    session.do(*first)
    session.expect(0x6982, last)
    session.do(*load(ISD, dap(DOMAIN, Aes().sign(HASH))))


def test_a_domain_mandates_nothing_before_it_is_personalised() -> None:
    element = manufactured()
    Session(element).do(commands.install_ssd(DOMAIN, privileges=bytes.fromhex(MANDATED_DAP)), *load(ISD))


def test_a_load_file_cannot_be_extradited_to_a_domain_that_checks_signatures() -> None:
    element = checking(Aes(), DAP)
    session = Session(element)
    session.do(*load(ISD))
    fields = tlv.encode_fields(DOMAIN, b"", PACKAGE, b"", b"", b"")
    session.expect(0x6985, Command(0x80, 0xE6, 0x10, 0x00, fields, 256))


def test_a_short_rsa_key_may_sign_with_sha_256_as_tools_do() -> None:
    signer = SIGNERS["RSA-1024"]
    assert isinstance(signer, Rsa)
    signature = signer.key.sign(HASH, PKCS1v15(), SHA256())
    Session(checking(signer, DAP)).do(*load(DOMAIN, dap(DOMAIN, signature)))
