"""Logos: small pictures that are nothing but pictures, from the register and nowhere else."""

import io

import pytest
from django.test import Client
from PIL import Image, ImageFile

from ca.models import Realm
from tests.ca.fixtures import *  # noqa: F403
from tests.whitelist.relying_parties import make_bank
from whitelist import logos
from whitelist.errors import LogoUnacceptable

SVG = b'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 9 9">%s</svg>'
CIRCLE = SVG % b'<circle cx="4" cy="4" r="3" fill="#0b5d4e"/>'


def png(side: int = 64, **options: object) -> bytes:
    out = io.BytesIO()
    Image.new("RGB", (side, side), "#0b5d4e").save(out, "PNG", **options)
    return out.getvalue()


@pytest.mark.parametrize(("content", "kind"), [(png(), "image/png"), (CIRCLE, "image/svg+xml")])
def test_a_logo_is_shown_beside_the_name(client: Client, realm: Realm, content: bytes, kind: str) -> None:
    logo = logos.put(make_bank(realm), content)
    entry = client.get("/register/entries.json?realm=test").json()["entries"][0]
    assert entry["logo"] == f"http://localhost:8000/register/logos/{logo.digest}"
    shown = client.get(f"/register/logos/{logo.digest}")
    assert (shown["Content-Type"], shown.content) == (kind, content)
    assert shown["Content-Security-Policy"] == "default-src 'none'; sandbox"
    assert shown["X-Content-Type-Options"] == "nosniff"
    assert "immutable" in shown["Cache-Control"]
    assert client.get("/register/logos/%00").status_code == 404


def test_without_a_logo_there_is_none(client: Client, realm: Realm) -> None:
    make_bank(realm)
    assert client.get("/register/entries.json?realm=test").json()["entries"][0]["logo"] is None


def test_a_gradient_of_its_own_is_taken() -> None:
    stop = b'<stop offset="0" stop-color="#fff"/>'
    own = b'<defs><linearGradient id="a">%s</linearGradient></defs><rect fill="url(#a)"/>'
    assert logos.check(SVG % (own % stop)) == "image/svg+xml"


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"<html></html>",
        b"\x89PNG\r\n\x1a\nnot one",
        png(513),
        png()[:60],
        bytes(logos.LARGEST + 1),
        b"\xff\xfe",
        b'<svg viewBox="0 0 1 1"/>',
        b'<svg xmlns="http://www.w3.org/2000/svg"/>',
        SVG % b"<script>alert(1)</script>",
        SVG % b'<circle onclick="alert(1)"/>',
        SVG % b'<a href="https://evil.example"><rect/></a>',
        SVG % b'<image href="https://evil.example/x.png"/>',
        SVG % b'<use xlink:href="#x" xmlns:xlink="http://www.w3.org/1999/xlink"/>',
        SVG % b'<rect style="fill:url(https://evil.example)"/>',
        SVG % b'<rect fill="url(https://evil.example#a)"/>',
        SVG % b"<style>rect{}</style>",
        SVG % b"<foreignObject/>",
        SVG % b"<animate/>",
        SVG % "<text>みらい銀行（確認済み）</text>".encode(),
        b'<!DOCTYPE svg [<!ENTITY a "b">]>' + CIRCLE,
        b'<?xml-stylesheet href="https://evil.example"?>' + CIRCLE,
        SVG % b'<x:script xmlns:x="http://www.w3.org/2000/svg"/>',
        SVG % b'<rect xmlns="http://www.w3.org/1999/xhtml"/>',
    ],
)
def test_what_is_more_than_a_picture_is_not_taken(content: bytes) -> None:
    with pytest.raises(LogoUnacceptable):
        logos.check(content)


def test_a_picture_that_breaks_off_is_not_taken_where_pillow_would_take_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ImageFile, "LOAD_TRUNCATED_IMAGES", True)
    whole = png()
    assert logos.check(whole) == "image/png"
    for broken in (whole[:60], whole[:-12], whole + b"more", whole[:50] + b"\0" + whole[51:]):
        with pytest.raises(LogoUnacceptable):
            logos.check(broken)
