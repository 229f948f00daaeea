"""System Messaging as JSON: a function by name with its request in, its execution status and answer out."""

from collections.abc import Callable, Mapping
from dataclasses import asdict
from typing import Any, get_type_hints

from tsm import errors
from tsm.errors import MessageMalformed, TsmError
from tsm.messaging.functions import Execution, SeiTsm, SpTsm

Json = dict[str, Any]
Send = Callable[[Json], Json]

FUNCTIONS: Mapping[type, tuple[str, ...]] = {
    SeiTsm: ("check_global_eligibility", "generate_dm_token", "verify_dm_receipt"),
    SpTsm: (
        "deploy_service",
        "activate_service",
        "upgrade_service",
        "get_service_state",
        "suspend_or_resume_service",
        "unblock_service",
        "terminate_service",
        "handle_se_status_change_notification",
    ),
}


def serve(interface: type, role: Any, message: Json) -> Json:
    """Carry out one message {"function", "request"} by `role`; return {"status", "response"} or its error's code."""
    name = message.get("function")
    if name not in FUNCTIONS[interface]:
        return _failed(MessageMalformed(f"no function {name!r}"))
    hints = get_type_hints(getattr(interface, name))
    try:
        asked = _made(hints["asked"], message.get("request"))
        return {"status": Execution.SUCCESS, "response": asdict(getattr(role, name)(asked))}
    except TsmError as error:
        return _failed(error)


class Remote:
    """The other role, wherever `send` takes a message to. Its errors come out as they would here."""

    def __init__(self, interface: type, send: Send) -> None:
        self._interface, self._send = interface, send

    def __getattr__(self, name: str) -> Callable[[Any], Any]:
        if name not in FUNCTIONS[self._interface]:
            raise AttributeError(name)
        answered = get_type_hints(getattr(self._interface, name))["return"]

        def call(asked: Any) -> Any:
            answer = self._send({"function": name, "request": asdict(asked)})
            if answer.get("status") != Execution.SUCCESS:
                raise _error(str(answer.get("code")))(str(answer.get("message", "")), **answer.get("data", {}))
            return _made(answered, answer.get("response"))

        return call


def _made(kind: type, value: Any) -> Any:
    hints = get_type_hints(kind)
    if not isinstance(value, dict) or not value.keys() <= hints.keys():
        raise MessageMalformed(f"{kind.__name__}: not its members")
    try:
        made = kind(**{name: tuple(part) if isinstance(part, list) else part for name, part in value.items()})
    except TypeError as error:
        raise MessageMalformed(f"{kind.__name__}: {error}") from None
    for name, hint in hints.items():
        _require(f"{kind.__name__}.{name}", getattr(made, name), hint)
    return made


def _require(name: str, value: Any, hint: Any) -> None:
    fits = (
        isinstance(value, tuple) and all(isinstance(part, str) for part in value)
        if hint == tuple[str, ...]
        else type(value) is hint
    )
    if not fits:
        raise MessageMalformed(f"{name}: {value!r} is of another kind")


def _failed(error: TsmError) -> Json:
    return {"status": Execution.FAILED, "code": error.code, "message": str(error), "data": error.data}


def _error(code: str) -> type[TsmError]:
    known = {kind.code: kind for kind in vars(errors).values() if isinstance(kind, type) and issubclass(kind, TsmError)}
    return known.get(code, TsmError)
