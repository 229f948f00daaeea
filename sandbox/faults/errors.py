"""What arming a fault refuses; each code has its row in `sandbox.problems`."""

from sandbox.errors import SandboxError


class FaultUnknown(SandboxError):
    """There is no fault of that name; `known` names all."""

    code = "fault_unknown"


class FaultParameterInvalid(SandboxError):
    """The fault has no such parameter, or takes another value; `known` names its parameters."""

    code = "fault_parameter_invalid"


class FaultScopeInvalid(SandboxError):
    """The scope isn't one, or can't be of this fault."""

    code = "fault_scope_invalid"


class TooManyFaults(SandboxError):
    """So many faults are armed in the workspace already."""

    code = "too_many_faults"


class FaultNotArmed(SandboxError):
    """There is no such fault in the workspace."""

    code = "not_found"
