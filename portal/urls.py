"""Every address of the site."""

from django.conf import settings
from django.urls import URLPattern, URLResolver, include, path

from portal import start
from portal.credentials import validator
from portal.developers import pages as developers
from portal.phone import agent
from portal.providers import urls as providers

urlpatterns: list[URLPattern | URLResolver] = [
    path("", start.start, name="start"),
    path("i18n/", include("django.conf.urls.i18n")),
    path("phone/notices/", include("portal.notices.urls")),
    path("phone/screen-lock/", include("portal.screen_lock.urls")),
    path("phone/", include("portal.phone.urls")),
    path("mynaportal/", include("portal.mynaportal.urls")),
    path("certificates/", include("portal.certificates.urls")),
    path("handoff/", include("portal.handoff.urls")),
    path("staff/", include("portal.accounts.urls")),
    path("helpdesk/", include("portal.helpdesk.urls")),
    path("console/", include("portal.console.urls")),
    path("review/", include("portal.review.urls")),
    path("providers/", include("portal.providers.urls")),
    path("providers/<uuid:organisation>/", include(providers.ROOMS)),
    path("register/", include("whitelist.urls")),
    path("problems/<slug:code>", developers.problem, name="problem"),
    path("", include("portal.developers.urls")),
    path("api/phone/v1/pages", agent.Pages.as_view(), name="phone-pages-api"),
    path("api/v1/", include("portal.api.urls")),
    path("api/v1/", include("portal.handoff.api_urls")),
    path("api/v1/", include("portal.verification.api_urls")),
    path("", include("tsm.urls")),
]
if settings.SANDBOX:
    urlpatterns.append(path("sandbox/client-assertion/", validator.anybody, name="client-assertion"))
    urlpatterns.append(path("sandbox/", include("sandbox.urls")))
    urlpatterns.append(path("providers/<uuid:organisation>/workspace/", include("sandbox.console.urls")))
    urlpatterns.append(path("outbox/", include("portal.notices.kept_urls")))
