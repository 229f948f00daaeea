"""What roles are called, and what each may."""

from collections.abc import Mapping

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy

from portal.providers.models import Membership

Role = Membership.Role

ROLES: Mapping[str, Promise] = {
    Role.OWNER: gettext_lazy("所有者"),
    Role.DEVELOPER: gettext_lazy("開発者"),
    Role.LEGAL: gettext_lazy("法務担当"),
    Role.VIEWER: gettext_lazy("閲覧者"),
}
MAY: Mapping[str, Promise] = {
    Role.OWNER: gettext_lazy("すべてができます。メンバーと役割も決めます。"),
    Role.DEVELOPER: gettext_lazy("申請の作成、ワークスペース、鍵の管理ができます。"),
    Role.LEGAL: gettext_lazy("申請の作成と提出ができます。"),
    Role.VIEWER: gettext_lazy("見るだけです。"),
}
