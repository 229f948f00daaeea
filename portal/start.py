"""The start page: the whole path in six steps, with where this visitor stands."""

from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import ensure_csrf_cookie
from django.views.decorators.http import require_safe

from ca.models import Partition, Realm
from ca.profiles import Medium, Purpose
from portal.handoff.models import HandOff
from portal.handoff.states import State
from portal.phone import progress
from portal.phone.session import phone_of
from tsm import enrolment as enrolments
from tsm.models import Enrolment


@dataclass(frozen=True)
class Step:
    """One step of the path; `state` is done, current, open or waiting."""

    number: int
    title: str
    text: str
    state: str
    button: str = ""
    url: str = ""
    # Where else one can go from here: text and address.
    more: tuple[tuple[str, str], ...] = ()


@never_cache
@require_safe
@ensure_csrf_cookie
def start(request: HttpRequest) -> HttpResponse:
    """Show the path; the visitor's next step stands out."""
    phone = phone_of(request)
    found = enrolments.current(phone) if phone else None
    context = {
        "phone": phone,
        "steps": path(found, chosen=phone is not None),
        "links": links(found),
        "trace_url": reverse("phone:trace", args=[found.reference]) if found else "",
    }
    return render(request, "start.html", context)


def path(found: Enrolment | None, *, chosen: bool) -> list[Step]:
    """Return the six steps for a visitor whose newest enrolment is `found`; without a sandbox, the first five."""
    mode = progress.mode(found) if found else ""
    page = reverse("phone:enrolment", args=[found.reference]) if found else ""
    home = reverse("phone:home")
    arrived = mode in ("active", "ended")
    fell = found is not None and bool(progress.fallen(found))
    used = found is not None and _used(found)
    stopped = _stopped(found) if found and mode == "active" and progress.held(found) and not fell else None
    steps = [
        Step(
            1,
            _("スマートフォンを選び、カードで申請する"),
            _(
                "申請の文を読み、マイナンバーカードの署名用の鍵で署名します。カードとそのパスワードを使うのは、ここだけです。"
            ),
            "done" if mode and mode != "abandoned" else "current",
            _("スマートフォンのメニューへ") if arrived else _("申請する") if chosen else _("スマートフォンを選ぶ"),
            home,
        ),
        Step(
            2,
            _("電子証明書が書き込まれるのを見る"),
            _(
                "セキュアエレメントの中で鍵が2組作られ、認証局が2枚の電子証明書を発行します。一歩ずつ画面に出て、通信の記録も読めます。"
            ),
            "done" if mode == "passwords" or arrived else "current" if mode == "progress" else "waiting",
            _("進みを見る"),
            page,
        ),
        Step(
            3,
            _("パスワードを2つ決める"),
            _("署名用パスワードと利用者証明用暗証番号をセキュアエレメントに直接設定すると、2枚が有効になります。"),
            "done" if arrived else "current" if mode == "passwords" else "waiting",
            _("2枚の電子証明書を見る") if arrived else _("設定の画面へ"),
            page,
        ),
        stopped
        or Step(
            4,
            _("サービスで使う"),
            _(
                "見本の銀行が、ログインと契約の署名をスマートフォンに求めます。だれが何のために求めているかは、登録簿から示されます。"
            )
            if settings.SANDBOX
            else _("登録簿にあるサービスを開くと、ログインや署名をスマートフォンに求められます。"),
            "done" if used else "current" if mode == "active" and not fell else "open",
            **(samples() if settings.SANDBOX else {"button": _("登録簿を見る"), "url": reverse("register:list")}),
        ),
        Step(
            5,
            _("スマートフォンでの利用をやめる"),
            _("2枚が失効し、セキュアエレメントから消えます。もう一度銀行を開くと、断られます。"),
            "done" if mode == "ended" and not fell else _next(used and not stopped) if mode == "active" else "waiting",
            _("利用をやめる") if mode == "active" else _("終わりの記録を見る"),
            reverse("phone:end") if mode == "active" else page,
        ),
    ]
    if settings.SANDBOX:
        steps.append(
            Step(
                6,
                _("カードが失効すると、スマートフォンも失効する"),
                _(
                    "市区町村の窓口の役になり、カードの電子証明書を失効させます。見回りが気付き、スマートフォンの2枚も連動して失効します。"
                ),
                "done" if fell else "open",
                _("窓口を開く"),
                reverse("sandbox:office"),
            )
        )
    return steps


def _stopped(found: Enrolment) -> Step:
    """Return what stands in the fourth step's place while the pair is on hold."""
    told = progress.now_sentence(found)
    return Step(4, _("サービスで使う"), told, "current", _("また使えるようにするには"), reverse("phone:found"))


def samples() -> dict[str, Any]:
    """Return where the sample services are, in the visitor's language: they have a site of their own."""
    language = get_language()
    return {
        "button": _("見本の銀行を開く"),
        "url": f"{settings.SAMPLES_URL}/bank/?lang={language}",
        "more": (
            (_("市役所、コンビニ、診療所など、すべての見本を見る"), f"{settings.SAMPLES_URL}/?lang={language}"),
            (_("登録簿にないサービスが断られるのを見る"), f"{settings.SAMPLES_URL}/unlisted/?lang={language}"),
        ),
    }


def links(found: Enrolment | None) -> list[dict[str, str]]:
    """Return where the public things are: authorities' certificates, CRLs, OCSP, register, trust list."""
    realm = found.realm if found else Realm.objects.filter(slug=settings.DEFAULT_REALM).first()
    told = [
        {"name": _("登録簿：だれが何のために求めてよいか"), "url": reverse("register:list")},
        {"name": _("信頼の一覧（JSON）：認証局、OCSP、ポリシー"), "url": reverse("handoff_api:trust")},
    ]
    if settings.SANDBOX:
        told.append({"name": _("送られたメールと手紙（試験用の世界）"), "url": reverse("outbox:kept")})
    if realm is None:
        return told
    base = settings.RESPONDER_URL
    names = {Purpose.SIGNATURE: _("署名用"), Purpose.USER_AUTHENTICATION: _("利用者証明用")}
    for purpose, name in names.items():
        told.append(
            {
                "name": _("{purpose}認証局の証明書").format(purpose=name),
                "url": f"{base}/authority/{realm.slug}/{purpose.slug}.cer",
            }
        )
    code = _municipality(realm, found)
    for purpose, name in names.items() if code else ():
        for medium, where in ((Medium.CARD, _("カード")), (Medium.PHONE, _("スマートフォン"))):
            told.append(
                {
                    "name": _("{purpose}・{medium}の失効リスト（CRL）").format(purpose=name, medium=where),
                    "url": f"{base}/crl/{realm.slug}/{purpose.slug}/{medium}/{code}.crl",
                }
            )
    return told


def _municipality(realm: Realm, found: Enrolment | None) -> str:
    if found is not None:
        return found.holder.municipality_code
    partition = Partition.objects.filter(generation__authority__realm=realm).exclude(medium=Partition.OWN).first()
    return partition.municipality_code if partition else ""


def _next(reached: bool) -> str:
    return "current" if reached else "open"


def _used(found: Enrolment) -> bool:
    return HandOff.objects.filter(answered_with__in=found.pair, state=State.ANSWERED).exists()
