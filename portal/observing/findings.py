"""What can be wrong, as one table: `manage.py doctor`, the console's page and Prometheus' alerts all read it.

A finding is a measure beyond a limit. Its id stays the same for ever: alerts, runbook (docs/alerts.md) and whoever
writes down what happened name it. A new finding is a row here, and a section of that name in the runbook.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum

from django.conf import settings
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from portal.observing import alive

DAY = 24 * 3600.0
# What a sweep or a scrape may be late without anybody being told.
SLACK = 300.0


class Severity(StrEnum):
    """Who is told: somebody at once, or somebody in working hours."""

    PAGE = "page"
    TICKET = "ticket"


@dataclass(frozen=True)
class Finding:
    """Something that can be wrong: when `measure` is beyond `limit`, in words, and what is done about it.

    `below` turns the comparison round. `where` names the labels' values that it is about; all, when left out.
    An alert waits until it has been so for `lasting` seconds; the doctor says what it sees.
    """

    id: str
    severity: Severity
    measure: str
    limit: Callable[[], float]
    title: Promise
    remedy: Promise
    below: bool = False
    lasting: int = 0
    where: Mapping[str, tuple[str, ...]] | None = None
    # How its figure is told: seconds, share, or number.
    unit: str = "number"

    def strikes(self, value: float) -> bool:
        """Tell whether a figure is beyond the limit."""
        return value < self.limit() if self.below else value > self.limit()

    def concerns(self, labels: Mapping[str, str]) -> bool:
        """Tell whether it is about what bears these labels."""
        return all(labels.get(name) in values for name, values in (self.where or {}).items())


def _none() -> float:
    return 0


def _one() -> float:
    return 1


PAGE, TICKET = Severity.PAGE, Severity.TICKET

FINDINGS: tuple[Finding, ...] = (
    # --- What everything stands on
    Finding(
        "database.unreachable",
        PAGE,
        "jpki_database_up",
        _one,
        _("データベースに届きません。"),
        _(
            "データベースのサーバー、ネットワーク、DATABASE_URLを確かめてください。ほかの項目は、つながるまでわかりません。"
        ),
        below=True,
        lasting=60,
    ),
    Finding(
        "database.clock",
        TICKET,
        "jpki_database_clock_skew_seconds",
        lambda: 5,
        _("この機械とデータベースの時計がずれています。"),
        _("両方の機械の時刻同期（NTP）を確かめてください。"),
        lasting=300,
        unit="seconds",
    ),
    Finding(
        "database.migrations",
        PAGE,
        "jpki_migrations_missing",
        _none,
        _("データベースに、まだ適用されていないマイグレーションがあります。"),
        _("manage.py migrate を、所有者の役割で実行してください。"),
        lasting=600,
    ),
    Finding(
        "broker.unreachable",
        PAGE,
        "jpki_broker_up",
        _one,
        _("ブローカーに届きません。仕事は失われませんが、見回りが来るまで進みません。"),
        _("RabbitMQ（またはRedis）、ネットワーク、BROKER_URLを確かめてください。"),
        below=True,
        lasting=120,
    ),
    Finding(
        "queue.deep",
        TICKET,
        "jpki_queue_messages",
        lambda: settings.FINDING_QUEUE_MESSAGES,
        _("キューに多くのメッセージがたまっています。"),
        _("このキューのワーカーが動いているか、遅くなっていないかを見て、必要なら増やしてください。"),
        lasting=300,
    ),
    Finding(
        "queue.unread",
        PAGE,
        "jpki_queue_consumers",
        _one,
        _("このキューを読むワーカーがいません。"),
        _("このキューのワーカーを起動してください。"),
        below=True,
        lasting=120,
    ),
    Finding(
        "worker.silent",
        PAGE,
        "jpki_worker_silent_seconds",
        lambda: alive.SILENT,
        _("この機械のワーカーが応答していません。"),
        _("そのワーカーのログを見て、再起動してください。"),
        lasting=60,
        unit="seconds",
    ),
    Finding(
        "sweeps.never",
        PAGE,
        "jpki_periodic_known",
        _one,
        _("定期の仕事が一度も行われていません。"),
        _("beatと、ワーカーを起動してください。"),
        below=True,
        lasting=600,
    ),
    Finding(
        "sweeps.late",
        PAGE,
        "jpki_periodic_late_seconds",
        lambda: SLACK,
        _("定期の仕事が行われていません。"),
        _("beatと、その仕事のキューのワーカーが動いているかを見てください。"),
        lasting=60,
        unit="seconds",
    ),
    Finding(
        "sweeps.failed",
        TICKET,
        "jpki_periodic_failed",
        _none,
        _("定期の仕事が、最後に失敗で終わりました。"),
        _("そのワーカーのログで、その仕事の名前を探してください。"),
        lasting=300,
    ),
    Finding(
        "disk.full",
        PAGE,
        "jpki_disk_free_ratio",
        lambda: 0.1,
        _("データフォルダーのディスクに、空きがわずかしかありません。"),
        _("古いログやバックアップを移すか、ディスクを大きくしてください。"),
        below=True,
        lasting=300,
        unit="share",
    ),
    Finding(
        "setup.lacking",
        TICKET,
        "jpki_setup_lacking",
        _none,
        _("サービスを始めるのに必要なものが、まだありません。"),
        _("manage.py missing が、足りないものと、作るコマンドを示します。"),
    ),
    Finding(
        "passwords.old",
        TICKET,
        "jpki_password_age_seconds",
        lambda: settings.PASSWORDS_DAYS * DAY,
        _("データベース、ブローカー、またはメトリクスのパスワードが、長いあいだ替えられていません。"),
        _("parcels.sh --new-passwords で新しくして、届けてください（docs/operating.md）。"),
        unit="seconds",
    ),
    Finding(
        "observing.failed",
        TICKET,
        "jpki_measure_failed",
        _none,
        _("この値を読めませんでした。"),
        _("データベースの役割に読む権利があるか、データベースが遅くなっていないかを見てください。"),
        lasting=300,
    ),
    # --- The authorities
    Finding(
        "crl.late",
        TICKET,
        "jpki_crl_oldest_seconds",
        lambda: settings.CRL_PUBLISH_SECONDS + max(settings.CRL_PUBLISH_SECONDS / 10, SLACK),
        _("失効リスト（CRL）が、期日に公開されていません。"),
        _("caワーカーと、そのログの拒否（lint）や鍵の誤りを見てください。直れば次の1分で公開されます。"),
        lasting=300,
        unit="seconds",
    ),
    Finding(
        "crl.expired",
        PAGE,
        "jpki_crl_oldest_seconds",
        lambda: settings.CRL_VALIDITY_SECONDS - max(settings.CRL_VALIDITY_SECONDS / 20, 60.0),
        _("失効リスト（CRL）の次回更新日時が過ぎた、またはまもなく過ぎます。検証者は電子証明書を拒みます。"),
        _("caワーカーをすぐに直してください。公開されるまで、検証者はどの電子証明書も使えません。"),
        unit="seconds",
    ),
    Finding(
        "crl.missing",
        TICKET,
        "jpki_crl_missing",
        _none,
        _("失効リスト（CRL）が一度も公開されていない区画があります。"),
        _("caワーカーを見てください。発行のすぐ後なら、1分で公開されます。"),
        lasting=600,
    ),
    Finding(
        "linkage.late",
        PAGE,
        "jpki_linkage_waiting_seconds",
        lambda: 2 * settings.LINKAGE_SWEEP_SECONDS + SLACK,
        _("カードの失効に、スマートフォンの電子証明書の失効が追いついていません。"),
        _("sweepsキューのワーカーとbeatを見てください。急ぐときは、そのワーカーを増やしてください。"),
        lasting=60,
        unit="seconds",
    ),
    Finding(
        "linkage.rechecks_late",
        TICKET,
        "jpki_recheck_late_seconds",
        lambda: 2 * settings.LINKAGE_RECHECK_SECONDS + SLACK,
        _("発行後の、カードの電子証明書の見直しが遅れています。"),
        _("sweepsキューのワーカーとbeatを見てください。"),
        lasting=300,
        unit="seconds",
    ),
    Finding(
        "issuance.standing",
        PAGE,
        "jpki_issuance_oldest_seconds",
        lambda: settings.FINDING_ISSUANCE_SECONDS,
        _("電子証明書の発行の求めが、片付かずに残っています。"),
        _("caワーカーと鍵の保管先（HSM）を見てください。求めは行に残り、直れば自分で進みます。"),
        lasting=60,
        unit="seconds",
    ),
    Finding(
        "issuance.outbox",
        PAGE,
        "jpki_continuation_oldest_seconds",
        lambda: settings.FINDING_ISSUANCE_SECONDS,
        _("発行の済んだことが、次の仕事に伝わっていません。"),
        _("ブローカーと、sweepsキューのワーカーを見てください。"),
        lasting=60,
        unit="seconds",
    ),
    Finding(
        "journal.broken",
        PAGE,
        "jpki_journal_broken",
        _none,
        _("ジャーナルの鎖が切れています。だれかが過去を書き換えたか、データが壊れました。"),
        _("何も直さずに manage.py verify_journal で場所を調べ、バックアップと外に保管した封印に照らしてください。"),
    ),
    Finding(
        "journal.unsealed",
        TICKET,
        "jpki_journal_unsealed_seconds",
        lambda: 2 * settings.JOURNAL_SEAL_SECONDS + SLACK,
        _("ジャーナルの新しい記録に、封印の署名がありません。"),
        _("caワーカーと鍵の保管先を見てください。"),
        lasting=300,
        unit="seconds",
    ),
    Finding(
        "journal.unwatched",
        TICKET,
        "jpki_journal_unwatched_seconds",
        lambda: 3 * settings.JOURNAL_WATCH_SECONDS + SLACK,
        _("ジャーナルの見張りが、しばらく見ていません。"),
        _("sweepsキューのワーカーとbeatを見てください。"),
        lasting=300,
        unit="seconds",
    ),
    Finding(
        "realm.halted",
        PAGE,
        "jpki_realm_halted",
        _none,
        _("領域が止められています。署名も応答も行われません。"),
        _("復元の後始末を終えて、manage.py resume で再開してください（docs/backup.md）。"),
    ),
    Finding(
        "responder.not_renewed",
        TICKET,
        "jpki_responder_certificate_left_seconds",
        lambda: settings.RESPONDER_RENEW_DAYS * DAY - DAY,
        _("OCSPレスポンダの証明書が、更新の時期を過ぎても更新されていません。"),
        _("caワーカーのログで ca.renew_responders を見てください。認証局の世代が終わるときは、次の世代を作ります。"),
        below=True,
        lasting=3600,
        unit="seconds",
    ),
    Finding(
        "responder.ends",
        PAGE,
        "jpki_responder_certificate_left_seconds",
        lambda: 7 * DAY,
        _("OCSPレスポンダの証明書が、まもなく切れます。切れると、検証者はどの答えも信じません。"),
        _("caワーカーを直して更新させるか、manage.py next_responder_keys を行ってください。"),
        below=True,
        unit="seconds",
    ),
    Finding(
        "authority.ends",
        TICKET,
        "jpki_authority_left_seconds",
        lambda: settings.FINDING_AUTHORITY_DAYS * DAY,
        _("認証局のいちばん新しい世代が、もうすぐ終わります。"),
        _("manage.py next_generation で、次の世代を作ってください（docs/keys.md）。"),
        below=True,
        unit="seconds",
    ),
    Finding(
        "register.stale",
        TICKET,
        "jpki_register_stale_seconds",
        lambda: SLACK,
        _("署名された登録簿の期限が過ぎています。"),
        _("caワーカーのログで whitelist.sign_registers を見てください。"),
        lasting=300,
        unit="seconds",
    ),
    Finding(
        "register.empty",
        TICKET,
        "jpki_register_empty",
        _none,
        _("登録簿に、サービスが一つもありません。どの求めも断られます。"),
        _("サービスの登録を審査で認めるか、登録簿が消えた理由を調べてください。"),
        lasting=300,
    ),
    # --- The phones
    Finding(
        "enrolments.standing",
        PAGE,
        "jpki_enrolments_still",
        _none,
        _("スマートフォンではなくワーカーを待って、止まっている申請があります。"),
        _("tsm（またはca）のワーカーを見てください。申請は行に残り、見回りが続きから進めます。"),
        lasting=300,
        where={"waits_for": ("tsm_worker", "ca_worker")},
    ),
    Finding(
        "enrolments.refused_by_elements",
        TICKET,
        "jpki_enrolments_still",
        lambda: 20,
        _("エレメントの答えが思わしくなく、休んでいる申請が多くあります。"),
        _("コンソールの会話で、同じ機種か、同じ命令かを見てください。"),
        lasting=1800,
        where={"waits_for": ("rest",)},
    ),
    Finding(
        "reports.unread",
        PAGE,
        "jpki_report_oldest_seconds",
        lambda: SLACK,
        _("スマートフォンの報告を、ワーカーが読んでいません。"),
        _("tsmワーカーとブローカーを見てください。"),
        lasting=60,
        unit="seconds",
    ),
    # --- What is told
    Finding(
        "notices.unread",
        TICKET,
        "jpki_notices_unread_seconds",
        lambda: settings.NOTICES_SWEEP_SECONDS + 2 * SLACK,
        _("ジャーナルの出来事が、お知らせになっていません。"),
        _("noticesワーカーを見てください。"),
        lasting=300,
        unit="seconds",
    ),
    Finding(
        "notices.mail_late",
        TICKET,
        "jpki_notice_oldest_seconds",
        lambda: settings.FINDING_MAIL_SECONDS,
        _("メールのお知らせが出ていません。"),
        _("noticesワーカーとメールサーバーを見てください。期限を過ぎたものは、手紙になります。"),
        where={"channel": ("mail",)},
        unit="seconds",
    ),
    Finding(
        "notices.letters_late",
        TICKET,
        "jpki_notice_oldest_seconds",
        lambda: settings.FINDING_LETTER_SECONDS,
        _("手紙のお知らせが、印刷されていません。"),
        _("manage.py letters を実行してください（docs/notices.md）。"),
        where={"channel": ("letter",)},
        unit="seconds",
    ),
    Finding(
        "mail.away",
        TICKET,
        "jpki_mail_failures",
        lambda: 5,
        _("メールサーバーが使えません。"),
        _("EMAIL_HOSTのサーバー、その資格情報と証明書を見てください。"),
        lasting=300,
    ),
)
