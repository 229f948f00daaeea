"""Names of their own for citizens, staff and providers: what each answers, where a link leads, what is not found."""

from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client
from django.urls import get_resolver

from portal import gestures, hosts
from portal.hosts import Area
from tests.portal.everyone.pages import PAGES

SITE, STAFF, PROVIDERS = "site.example", "staff.example", "providers.example"
NAMES = {SITE: Area.CITIZENS, STAFF: Area.STAFF, PROVIDERS: Area.PROVIDERS}


@pytest.fixture
def apart(settings: Any) -> None:
    settings.PUBLIC_URL, settings.STAFF_URL = f"https://{SITE}", f"https://{STAFF}"
    settings.PROVIDERS_URL, settings.ALLOWED_HOSTS = f"https://{PROVIDERS}", [SITE, STAFF, PROVIDERS, "mtls.example"]


@pytest.fixture
def at(apart: None) -> Callable[[str], Client]:
    return lambda host: Client(HTTP_HOST=host, headers={"x-forwarded-proto": "https"})


@pytest.mark.django_db
@pytest.mark.parametrize("path", ["/staff/sign-in", "/console/?q=1", "/helpdesk/", "/review/", "/staff/"])
def test_staffs_pages_are_at_their_own_name_and_a_link_leads_there(path: str, at: Callable[[str], Client]) -> None:
    assert at(STAFF).get(path).status_code in (200, 302)
    assert not at(STAFF).get(path).headers.get("Location", "").startswith("https:")
    for host in (SITE, PROVIDERS, "mtls.example"):
        led = at(host).get(path)
        assert (led.status_code, led.headers["Location"]) == (302, f"https://{STAFF}{path}")
        assert led.content == b""
        assert not led.cookies
        for method in ("post", "put", "delete", "options"):
            assert getattr(at(host), method)(path).status_code == 404, (host, method)


@pytest.mark.django_db
def test_citizens_and_providers_pages_are_at_no_other_name_either(at: Callable[[str], Client]) -> None:
    assert at(SITE).get("/phone/").status_code == at(PROVIDERS).get("/providers/").status_code == 200
    for host in (STAFF, PROVIDERS):
        assert at(host).get("/phone/").headers["Location"] == f"https://{SITE}/phone/"
        assert at(host).get("/").headers["Location"] == f"https://{SITE}/"
        assert at(host).post("/api/v1/handoffs").status_code == 404
    for host in (SITE, STAFF):
        assert at(host).get("/providers/register").headers["Location"] == f"https://{PROVIDERS}/providers/register"
    # By another name of the site's, clients' certificates come to the APIs.
    assert at("mtls.example").post("/api/v1/handoffs").status_code != 404
    # A path that looks like a host is none.
    assert at(STAFF).get("//elsewhere.example/phone/").headers.get("Location", "").startswith((f"https://{SITE}/", "/"))


@pytest.mark.django_db
def test_what_all_need_is_everywhere(at: Callable[[str], Client]) -> None:
    for host in NAMES:
        chosen = at(host).post("/i18n/setlang/", {"language": "en", "next": "/"})
        assert (chosen.status_code, chosen.headers["Location"]) == (302, "/")
        assert at(host).get("/static/site.css").status_code in (200, 404)
        assert hosts.of_path("/static/site.css") == hosts.EVERYWHERE
    assert at("10.0.0.1").get("/healthz").status_code == 200


@pytest.mark.django_db
def test_a_providers_session_ends_and_is_listed_at_the_providers_name(at: Callable[[str], Client]) -> None:
    """They have these pages of accounts in common with staff, each at its own name with its own cookie."""
    for path in ("/staff/enrol/", "/staff/account", "/staff/account/sessions", "/staff/account/password"):
        assert at(PROVIDERS).get(path).status_code in (200, 302)
        assert not at(PROVIDERS).get(path).headers.get("Location", "").startswith("https:")
        assert at(SITE).get(path).headers["Location"].startswith(f"https://{STAFF}/")


def test_every_page_of_an_area_that_signs_in_is_behind_its_name() -> None:
    """A room that is added below another address is thought about here."""
    firsts = {str(one.pattern).partition("/")[0] for one in get_resolver().url_patterns if hasattr(one, "url_patterns")}
    assert firsts >= {"staff", "helpdesk", "console", "review", "providers", "phone"}
    staff = {first for first in firsts if hosts.of_path(f"/{first}/") == {Area.STAFF}}
    assert staff == {"staff", "helpdesk", "console", "review"}
    assert {first for first in firsts if hosts.of_path(f"/{first}/") == {Area.PROVIDERS}} == {"providers"}
    for page in PAGES:
        room = page.address.partition(":")[0]
        if room in ("helpdesk", "console", "review"):
            assert hosts.of_path(f"/{room}/") == {Area.STAFF}


@pytest.mark.django_db
def test_with_one_name_every_page_is_at_it(settings: Any) -> None:
    assert (settings.STAFF_URL, settings.PROVIDERS_URL) == ("", "")
    assert not hosts.are_apart()
    for host in ("localhost", "127.0.0.1"):
        for path in ("/staff/sign-in", "/providers/", "/phone/"):
            assert Client(HTTP_HOST=host).get(path).status_code == 200
    settings.STAFF_URL = f"{settings.PUBLIC_URL}/"
    assert Client(HTTP_HOST="localhost").get("/staff/sign-in").status_code == 200
    assert not hosts.are_apart()


@pytest.mark.django_db
def test_mails_and_passkeys_know_the_name(apart: None) -> None:
    from portal.accounts.registration import _known

    assert f"https://{PROVIDERS}/providers/sign-in" in _known()[1]
    assert gestures.site_id(hosts.home(Area.PROVIDERS)) == PROVIDERS
    assert gestures.site_id() == SITE
    assert hosts.are_apart()
