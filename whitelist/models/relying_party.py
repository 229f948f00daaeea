"""A relying party: who asks."""

from django.core.validators import RegexValidator
from django.db import models

from ca.models import Realm
from whitelist.models.organisation import Organisation


class RelyingParty(models.Model):
    """A body that verifies signatures or authentications: the entry of the register.

    Its `client_id` names it on every wire and in what the phone signs, so it is unique over all realms: a key proves
    the relying party, and the relying party gives the realm.
    """

    class Kind(models.TextChoices):
        SERVICE_PROVIDER = "service_provider"
        PLATFORM_OPERATOR = "platform_operator"

    class State(models.TextChoices):
        DRAFT = "draft"
        REGISTERED = "registered"
        SUSPENDED = "suspended"
        EXPIRED = "expired"
        REMOVED = "removed"

    class Basis(models.TextChoices):
        """Article 17(1) of the Act: which item makes it a verifier (jpki-facts 5.1)."""

        ITEM_1 = "17-1-1", "行政機関等"
        ITEM_2 = "17-1-2", "裁判所"
        ITEM_3 = "17-1-3", "行政庁の指定・登録・認定・承認を受けた者"
        ITEM_4 = "17-1-4", "認定認証事業者"
        ITEM_5 = "17-1-5", "特定認証業務を行う者（主務大臣認定）"
        ITEM_6 = "17-1-6", "主務大臣が認定する者"
        # None of its own: it stands under a platform operator, and falls with it.
        OPERATOR = "operator", "プラットフォーム事業者の下で利用する者"

    realm = models.ForeignKey(Realm, on_delete=models.PROTECT, related_name="relying_parties")
    # It stands in a line of what is signed: no space, no line break, nothing that looks like something else.
    client_id = models.CharField(
        max_length=64, unique=True, validators=[RegexValidator(r"\A[0-9A-Za-z][0-9A-Za-z._-]{2,63}\Z")]
    )
    name_ja = models.CharField(max_length=100)
    name_en = models.CharField(max_length=100)
    kind = models.CharField(max_length=20, choices=Kind.choices, default=Kind.SERVICE_PROVIDER)
    basis = models.CharField(max_length=8, choices=Basis.choices)
    website = models.URLField()
    # Under whom it stands, where its basis is a platform operator; otherwise none.
    operator = models.ForeignKey(
        "self", on_delete=models.PROTECT, null=True, blank=True, related_name="service_providers"
    )
    # Whose it is; a sample service of the sandbox and Mynaportal are nobody's.
    organisation = models.ForeignKey(
        Organisation, on_delete=models.PROTECT, null=True, blank=True, related_name="relying_parties"
    )
    # Which of the citizen's attributes it receives (`purposes.attributes` of a case), and in its own words what for.
    attributes = models.JSONField(default=list, blank=True)
    attributes_why = models.TextField(blank=True, default="")
    # The last day in the register, by Japan's calendar; none: as long as its basis holds.
    valid_until = models.DateField(null=True, blank=True)
    state = models.CharField(max_length=12, choices=State.choices, default=State.DRAFT)

    class Meta:
        ordering = ("client_id",)

    def __str__(self) -> str:
        return self.client_id
