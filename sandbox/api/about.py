"""What the sandbox's API is, for the site's description of it (APIS)."""

from portal.api.apis import Api

SANDBOX = Api(
    slug="sandbox",
    prefix="/sandbox/api/v1/",
    title=("サンドボックスのAPI", "Sandbox API"),
    text=(
        "ワークスペースの中の人、カード、スマートフォン、電子証明書、時計、障害を、外から作り、変えます。試験環境だけにあります。",
        "Make and change a workspace's citizens, cards, phones, certificates, clock and faults from outside. It exists "
        "in the sandbox alone.",
    ),
    problems=("not_a_workspace",),
)
