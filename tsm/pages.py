"""The published list of phones that will do: as a page, as JSON, as CSV."""

import csv
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from ca import clock
from ca.models import Realm
from tsm import compatibility
from tsm.compatibility import Listed, Reason, ScreenLock

COLUMNS = (
    "code", "name", "os", "os_version", "nfc", "secure_element", "java_card", "screen_lock", "biometrics",
    "far_percent", "sar_percent", "iar_percent", "supported", "reason", "tested_on", "build", "passed", "due_on",
    "overdue",
)  # fmt: skip


@require_safe
def phones(request: HttpRequest) -> HttpResponse:
    """Show the list."""
    rows = [
        {
            "listed": one,
            "reason": sentence(one.reason) if one.reason else "",
            "lock": _lock(one.model.screen_lock),
        }
        for one in _listed()
    ]
    return render(request, "phones/list.html", {"rows": rows})


@require_safe
def phones_json(request: HttpRequest) -> HttpResponse:
    """Answer the same as JSON: {"phones": […]}."""
    return JsonResponse(
        {"phones": [_shape(one) for one in _listed()]}, json_dumps_params={"ensure_ascii": False, "indent": 1}
    )


@require_safe
def phones_csv(request: HttpRequest) -> HttpResponse:
    """Answer the same as CSV, UTF-8, one line a model."""
    response = HttpResponse(content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = 'attachment; filename="phones.csv"'
    writer = csv.DictWriter(response, COLUMNS)
    writer.writeheader()
    writer.writerows(_shape(one) for one in _listed())
    return response


def sentence(reason: Reason) -> str:
    """Return why a model isn't supported, for people."""
    return {
        Reason.OPERATING_SYSTEM: _("Androidのスマートフォンではありません"),
        Reason.OS_VERSION: _("Android 9より前です"),
        Reason.NO_NFC: _("マイナンバーカードを読み取るNFCがありません"),
        Reason.NO_SECURE_ELEMENT: _("セキュアエレメント（GP-SE）がありません"),
        Reason.NO_JAVA_CARD: _("セキュアエレメントにJavaアプレットを入れられません"),
        Reason.NOT_TESTED: _("適合性確認がまだです"),
        Reason.CONFORMANCE_FAILED: _("適合性確認で不適合でした"),
    }[reason]


def _lock(lock: ScreenLock) -> str:
    return {
        ScreenLock.DEVICE_CREDENTIAL: _("画面ロックのPIN・パターン・生体認証"),
        ScreenLock.BIOMETRICS: _("生体認証のみ"),
        ScreenLock.NONE: _("使えません（暗証番号を入力）"),
    }[lock]


def _listed() -> list[Listed]:
    realm = Realm.objects.filter(slug=settings.DEFAULT_REALM).first()
    return compatibility.listed(clock.now(realm) if realm is not None else clock.machine())


def _shape(one: Listed) -> dict[str, Any]:
    model, result, measured = one.model, one.result, one.model.biometrics
    return {
        "code": model.code,
        "name": model.name,
        "os": model.os,
        "os_version": model.os_version,
        "nfc": model.nfc,
        "secure_element": model.secure_element,
        "java_card": model.java_card,
        "screen_lock": model.screen_lock,
        "biometrics": measured.kind if measured else None,
        "far_percent": measured.false_acceptance if measured else None,
        "sar_percent": measured.spoof_acceptance if measured else None,
        "iar_percent": measured.impostor_acceptance if measured else None,
        "supported": one.supported,
        "reason": one.reason,
        "tested_on": result.tested_on.isoformat() if result else None,
        "build": result.build if result else None,
        "passed": result.passed if result else None,
        "due_on": one.due_on.isoformat() if one.due_on else None,
        "overdue": one.overdue,
    }
