"""What the sandbox's API refuses. Each code has its row in `sandbox.problems`."""


class SandboxError(Exception):
    """A refusal whose `code` leads to its row; `data` are the problem's extension members."""

    code = "sandbox_error"

    def __init__(self, detail: str = "", **data: object) -> None:
        super().__init__(detail)
        self.data = data


class NotAWorkspace(SandboxError):
    """The token is good, but its service isn't registered in a workspace."""

    code = "not_a_workspace"
