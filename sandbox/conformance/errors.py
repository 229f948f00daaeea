"""What the conformance room refuses. Each code has its row in `sandbox.problems`."""

from sandbox.errors import SandboxError


class RunUnknown(SandboxError):
    """The workspace has no such run."""

    code = "conformance_run_unknown"


class CaseUnknown(SandboxError):
    """The catalogue, or the run, has no such case. `data["cases"]` names those that are meant."""

    code = "conformance_case_unknown"


class RunOver(SandboxError):
    """The run takes no more. `data["state"]` says how it ended."""

    code = "conformance_run_over"


class NotArmed(SandboxError):
    """A verdict was told of a case that isn't armed. `data["armed"]` is the one that is, or null."""

    code = "conformance_case_not_armed"


class RunsItself(SandboxError):
    """The run goes against a service by itself: nothing is armed or told by hand."""

    code = "conformance_runs_itself"


class ServiceUnfit(SandboxError):
    """The service's address isn't one of a registered application of the workspace's."""

    code = "conformance_service_unfit"


class NoPhone(SandboxError):
    """The workspace has no phone with certificates that could answer."""

    code = "conformance_no_phone"


class NoReportYet(SandboxError):
    """The report is on its way: the run isn't finished, or a worker is about to sign it."""

    code = "conformance_no_report_yet"
