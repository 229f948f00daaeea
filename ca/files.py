"""What the responder serves as files: lists of revoked certificates, the authorities' own lists, their certificates."""

import base64
import re
import urllib.parse
from collections.abc import Mapping
from dataclasses import replace

from ca import crl, octets, points
from ca.models import Generation, Partition, Realm
from ca.ocsp import access
from ca.profiles import Medium, Purpose
from ca.reply import NO_STORE, NOT_FOUND, TEXT, Reply, Request

_SLUGS = r"(?P<realm>[-a-zA-Z0-9_]+)/(?P<purpose>signature|user-authentication)"
_CRL = re.compile(rf"/crl/{_SLUGS}/(?P<medium>card|phone)/(?P<municipality>[0-9]{{5}})\.crl")
_ARL = re.compile(rf"/arl/{_SLUGS}\.crl")
_DIRECTORY = re.compile(r"/directory/(?P<realm>[-a-zA-Z0-9_]+)/(?P<name>[-a-zA-Z0-9_]{1,1200}={0,2})")
_AUTHORITY = re.compile(rf"/authority/{_SLUGS}\.cer")
# Which generation is meant: by its number, or by its key identifier as the certificates that it issued have it.
_WHICH = {"generation": re.compile(r"[0-9]{1,4}"), "key": re.compile(r"[0-9a-fA-F]{40}")}


def respond(request: Request) -> Reply:
    """Answer with the file that is asked for, or say that there is none."""
    if request.method not in {"GET", "HEAD"}:
        return Reply("405 Method Not Allowed", TEXT, b"GET\n", (("Allow", "GET, HEAD"),))
    encoded, _, query = request.target.partition(b"?")
    path = urllib.parse.unquote_to_bytes(encoded).decode("utf-8", "replace")
    asked = urllib.parse.parse_qs(query.decode("latin-1"), keep_blank_values=True)
    which = {name: _WHICH[name].fullmatch(asked[name][0]) for name in asked.keys() & _WHICH.keys()}
    if None in which.values():
        return NOT_FOUND
    found = {name: match[0].upper() for name, match in which.items() if match}
    if match := _CRL.fullmatch(path) or _ARL.fullmatch(path) or _DIRECTORY.fullmatch(path):
        return _permitted(request, match, found)
    if match := _AUTHORITY.fullmatch(path):
        return _authority(match, found)
    return NOT_FOUND


def _permitted(request: Request, match: re.Match[str], which: Mapping[str, str]) -> Reply:
    realm = Realm.objects.filter(slug=match["realm"]).first()
    partitions = _partitions(realm, match.groupdict()) if realm else []
    if realm is None or not partitions:
        return NOT_FOUND
    if realm.halted_at is not None:
        # Its lists are older than what was published.
        return Reply("503 Service Unavailable", TEXT, b"halted\n", NO_STORE)
    about = partitions[0]
    # Who may ask is about certificates of people; the lists of the authorities' own are as public as these.
    if access.is_open() or about.medium == Partition.OWN:
        return _lists(request, match, partitions, which)
    subject = access.Subject(realm, Purpose(about.generation.authority.purpose), Medium(about.medium))
    try:
        who = access.verifier(request, subject)
    except access.NotAVerifier:
        challenge = ("WWW-Authenticate", "Bearer")
        return Reply("401 Unauthorized", TEXT, b"only registered verifiers\n", (*NO_STORE, challenge))
    reply = _lists(request, match, partitions, which)
    if reply.status == "200 OK":
        access.note(realm, who, (match[0],), ())
        reply = replace(reply, headers=NO_STORE)
    return reply


def _partitions(realm: Realm, asked: Mapping[str, str]) -> list[Partition]:
    """Return the partitions at the point that is asked for, one for each generation."""
    if "name" in asked:
        return points.at_encoded(realm, asked["name"])
    return list(
        Partition.objects.filter(
            generation__authority__realm=realm,
            generation__authority__purpose=asked["purpose"].replace("-", "_"),
            medium=asked.get("medium", Partition.OWN),
            municipality_code=asked.get("municipality", ""),
        ).select_related("generation__authority")
    )


def _lists(request: Request, match: re.Match[str], partitions: list[Partition], which: Mapping[str, str]) -> Reply:
    """Answer with the list that holds now, or, at a directory's entry, with all of them."""
    asked = match.groupdict()
    partitions = [one for one in partitions if _is_meant(one.generation, which)]
    lists = sorted(crl.newest_of(partitions).values(), key=lambda one: one.partition_id)
    if not lists:
        return NOT_FOUND
    if "name" not in asked or "key" in which:
        # Generations come one after the other, and their partitions' rows with them; but the newest is meant.
        order = {one.pk: one.generation.number for one in partitions}
        lists = [max(lists, key=lambda one: order[one.partition_id])]
    tag = '"' + ".".join(f"{one.partition_id}-{one.number}" for one in lists) + '"'
    headers = (("Cache-Control", "no-cache"), ("ETag", tag))
    if tag in request.header(b"if-none-match"):
        return Reply("304 Not Modified", "", b"", headers)
    if "name" in asked and "key" not in which:
        return Reply("200 OK", "application/x-pem-file", b"".join(_pem(octets.of(one)) for one in lists), headers)
    return Reply("200 OK", "application/pkix-crl", octets.of(lists[0]), headers)


def _is_meant(generation: Generation, which: Mapping[str, str]) -> bool:
    by_number = "generation" not in which or generation.number == int(which["generation"])
    return by_number and ("key" not in which or generation.subject_key_identifier == which["key"])


def _pem(der: bytes) -> bytes:
    return b"-----BEGIN X509 CRL-----\n" + base64.encodebytes(der) + b"-----END X509 CRL-----\n"


def _authority(match: re.Match[str], which: Mapping[str, str]) -> Reply:
    generations = Generation.objects.filter(
        authority__realm__slug=match["realm"], authority__purpose=match["purpose"].replace("-", "_")
    ).order_by("-number")
    meant = next((one for one in generations if _is_meant(one, which)), None)
    if meant is None:
        return NOT_FOUND
    return Reply("200 OK", "application/pkix-cert", bytes(meant.certificate), (("Cache-Control", "max-age=300"),))
