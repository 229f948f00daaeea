"""Addresses of providers."""

from django.urls import URLPattern, URLResolver, include, path

from portal.providers.views import members, organisations, passkeys, way_in, workspace

app_name = "providers"

# Below an organisation's address.
OWN = [
    path("", organisations.home, name="organisation"),
    path("name", organisations.rename, name="rename"),
    path("leave", organisations.leave, name="leave"),
    path("members/", members.members, name="members"),
    path("members/invite", members.invite, name="invite"),
    path("members/invitations/<uuid:invitation>/withdraw", members.withdraw, name="withdraw"),
    path("members/<uuid:person>/role", members.role, name="role"),
    path("members/<uuid:person>/remove", members.remove, name="remove"),
    path("members/<uuid:person>/hand-over", members.hand_over, name="hand-over"),
    path("workspace/", workspace.workspace, name="workspace"),
    path("workspace/make", workspace.make, name="workspace-make"),
    path("workspace/state", workspace.state, name="workspace-state"),
    path("workspace/callbacks", workspace.callbacks, name="callbacks"),
    path("workspace/key", workspace.add_key, name="key"),
    path("workspace/key/make", workspace.make_key, name="key-make"),
]
urlpatterns: list[URLPattern | URLResolver] = [
    path("", way_in.start, name="start"),
    path("register", way_in.register, name="register"),
    path("register/code", way_in.register_code, name="register-code"),
    path("register/method", way_in.register_method, name="register-method"),
    path("sign-in", way_in.sign_in, name="sign-in"),
    path("account", way_in.account, name="account"),
    path("account/passkeys/add", passkeys.add, name="passkey-add"),
    path("account/passkeys/<int:passkey>/remove", passkeys.remove, name="passkey-remove"),
    path("passkey/ask", passkeys.ask, name="passkey-ask"),
    path("passkey/sign-in", passkeys.sign_in, name="passkey-sign-in"),
    path("passkey/enrol/ask", passkeys.enrol_ask, name="passkey-enrol-ask"),
    path("passkey/enrol", passkeys.enrol, name="passkey-enrol"),
    path("passkey/confirm/ask", passkeys.confirm_ask, name="passkey-confirm-ask"),
    path("passkey/add/ask", passkeys.add_ask, name="passkey-add-ask"),
    path("organisations/", organisations.mine, name="organisations"),
    path("organisations/new", organisations.make, name="organisation-new"),
    path("invitation", organisations.invitation, name="invitation"),
    path("invitations/<uuid:invitation>/accept", organisations.accept, name="accept"),
    path("<uuid:organisation>/", include(OWN)),
]
# Other rooms' addresses below an organisation's, each with a namespace of its own:
# path("things/", include("portal.room.urls")). `access.member` is the outermost decorator of every view there, so
# that strangers get nothing but 404.
ROOMS: list[URLPattern | URLResolver] = [
    path("cases/", include("portal.onboarding.urls")),
    path("cases/<uuid:case>/letters/", include("portal.review.letter_urls")),
    path("probes/", include("portal.probes.urls")),
    path("verification/", include("portal.verification.urls")),
    path("delegations/", include("portal.verification.delegation_urls")),
    path("credentials/", include("portal.credentials.urls")),
]
