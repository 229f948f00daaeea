"""What the phone's own API and SERAM take and answer, as OpenAPI: they have no published description."""

from typing import Any

TEXT = {"type": "string"}
BASE64 = {"type": "string", "pattern": "^([A-Za-z0-9+/]{4})*$", "maxLength": 4000}
REFERENCE = {"type": "string", "format": "uuid"}
APDUS = {"type": "array", "items": {"type": "string", "pattern": "^([0-9A-F]{2})*$", "maxLength": 200}, "maxItems": 60}


def _object(required: tuple[str, ...] = (), **properties: Any) -> dict[str, Any]:
    return {"type": "object", "properties": properties, "required": list(required)}


APPLICATION = _object(
    ("application", "certificate", "signature"),
    application={"type": "string", "minLength": 1, "maxLength": 4000},
    certificate=BASE64,
    signature=BASE64,
)
SIGNED = _object(("text", "signature"), text={"type": "string", "minLength": 1, "maxLength": 4000}, signature=BASE64)
ACTIVATION = _object(
    ("signatures",),
    signatures=_object(("signature", "user_authentication"), signature=BASE64, user_authentication=BASE64),
)
HANDSHAKE = _object(
    ("secureElements",),
    secureElements={
        "type": "array",
        "minItems": 1,
        "items": _object(
            ("seType", "seId"),
            seType={"enum": ["eSE", "iSE", "uicc", "euicc", "ieuicc", "undefined"]},
            seId={"type": "string", "minLength": 1, "maxLength": 128},
            seExtraInfo={"type": "string", "maxLength": 200},
        ),
    },
    supportedVersions={"type": "array", "items": TEXT},
)
REPORT = _object(
    ("localAgentStatus",),
    localAgentStatus=_object(
        ("localAgentStatusEnum",),
        localAgentStatusEnum={
            "enum": ["PROCESSED", "POLLING", "UNAVAILABLE_SE", "UNKNOWN_FAILURE", "UNGRANTED_ACCESS"]
        },
        executedSeRamCommands={"type": "integer", "minimum": 0},
        errorMsg={"type": "string", "maxLength": 200},
    ),
    ramResponses={
        "type": "array",
        "items": _object(("ramResponseType",), ramResponseType={"type": "string", "minLength": 1, "maxLength": 40}),
    },
)
REPORT["properties"]["ramResponses"]["items"]["properties"]["listOfRAPDU"] = APDUS


def _operation(*statuses: int, body: Any = None, parameters: tuple[Any, ...] = ()) -> dict[str, Any]:
    told = {"application/json": {"schema": {}}}
    problem = {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}}
    # Of every operation: what can't be read, whoever isn't that phone, what isn't there, another kind of body.
    every = (400, 401, 403, 404, 409, 415) if body is not None else (400, 401, 403, 404, 409)
    responses: dict[str, Any] = {str(status): {"description": "told", "content": told} for status in statuses}
    responses |= {str(status): {"description": "refused", "content": problem} for status in every}
    found: dict[str, Any] = {"responses": responses, "parameters": list(parameters)}
    if body is not None:
        found["requestBody"] = {"required": True, "content": {"application/json": {"schema": body}}}
    return found


def _place(name: str, schema: Any) -> dict[str, Any]:
    return {"name": name, "in": "path", "required": True, "schema": schema}


SESSION = {"name": "sessionId", "in": "query", "required": True, "schema": REFERENCE}
ONE = (_place("reference", REFERENCE),)
KEY = (*ONE, _place("purpose", {"enum": ["signature", "user_authentication"]}))
NOT_ACCEPTABLE = {"406": {"description": "no version, format or element that fits"}}
_handshake = _operation(200, body=HANDSHAKE, parameters=(SESSION,))
_handshake["responses"] |= NOT_ACCEPTABLE


def described(problem: dict[str, Any]) -> dict[str, Any]:
    """Return the description; `problem` is the schema of a problem."""
    root = "/api/phone/v1"
    return {
        "openapi": "3.1.0",
        "info": {"title": "The phone's API", "version": "1"},
        "components": {"schemas": {"Problem": problem}},
        "paths": {
            f"{root}/application": {"get": _operation(200)},
            f"{root}/conversation": {"get": _operation(200)},
            f"{root}/enrolments": {"post": _operation(201, body=APPLICATION)},
            f"{root}/enrolments/{{reference}}": {"get": _operation(200, parameters=ONE)},
            f"{root}/enrolments/{{reference}}/activation": {"post": _operation(200, body=ACTIVATION, parameters=ONE)},
            f"{root}/enrolments/{{reference}}/end": {
                "get": _operation(200, parameters=ONE),
                "post": _operation(200, body=SIGNED, parameters=ONE),
            },
            f"{root}/enrolments/{{reference}}/resume": {
                "get": _operation(200, parameters=ONE),
                "post": _operation(200, body=SIGNED, parameters=ONE),
            },
            f"{root}/enrolments/{{reference}}/unblock/{{purpose}}": {
                "get": _operation(200, parameters=KEY),
                "post": _operation(200, body=SIGNED, parameters=KEY),
            },
            "/gp/seram/handshake": {"post": _handshake},
            "/gp/seram/remoteManagement": {"post": _operation(200, body=REPORT, parameters=(SESSION,))},
        },
    }
