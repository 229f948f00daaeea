"""What the sandbox's API refuses (`sandbox.errors`)."""

from portal.problems.row import Problem

ROWS: dict[str, Problem] = {
    "not_a_workspace": Problem(
        403, "Not a workspace's token", "The token's service stands in a realm that is nobody's workspace.",
        "Use the key of your workspace's test service; `/providers/` makes a workspace.",
        "この操作は、試験用のワークスペースの中でだけできます。", "This is only possible inside a test workspace.",
    ),
}  # fmt: skip
