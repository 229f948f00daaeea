"""The descriptions (OpenAPI 3.1): every operation says what it is, with examples that fit, and nothing is left out."""

import json
from collections import Counter
from typing import Any

import jsonschema_rs
import pytest
import yaml
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver

from portal.api import apis, document
from portal.api.describing import Answer, Body
from portal.problems import CATALOGUE

APIS = apis.every()
OPERATIONS = [
    pytest.param(api, path, method, id=f"{method} {path}")
    for api in APIS
    for path, methods in document.of(api)["paths"].items()
    for method in methods
]


def examples_of(content: dict[str, Any]) -> list[Any]:
    return [each["value"] for each in content.get("examples", {}).values() if "value" in each]


def assert_fits(value: Any, schema: dict[str, Any], whole: dict[str, Any]) -> None:
    validator = jsonschema_rs.Draft202012Validator({**schema, "components": whole["components"]}, validate_formats=True)
    errors = [f"{list(error.instance_path)}: {error.message}" for error in validator.iter_errors(value)]
    assert not errors, errors


@pytest.mark.parametrize(("api", "path", "method"), OPERATIONS)
def test_an_operation_says_what_it_is_with_examples_that_fit(api: apis.Api, path: str, method: str) -> None:
    whole = document.of(api)
    operation = whole["paths"][path][method]
    assert operation.get("x-title-ja"), "described with portal.api.describing.operation"
    assert operation["summary"]
    assert operation["description"]
    for kind, content in operation.get("requestBody", {}).get("content", {}).items():
        found = examples_of(content)
        assert found, f"an example of the {kind} body"
        for each in found:
            assert_fits(each, content["schema"], whole)
    good = [status for status in operation["responses"] if status.startswith("2")]
    assert len(good) == 1
    for kind, content in operation["responses"][good[0]].get("content", {}).items():
        if kind != "application/json":
            continue
        found = examples_of(content)
        assert found, "an example of the answer"
        for each in found:
            assert_fits(each, content["schema"], whole)


@pytest.mark.parametrize("api", APIS, ids=lambda api: api.slug)
def test_names_of_operations_are_their_own(api: apis.Api) -> None:
    names = [each["operationId"] for methods in document.of(api)["paths"].values() for each in methods.values()]
    assert len(names) == len(set(names)), sorted(names)


def test_no_two_shapes_of_an_api_have_one_name() -> None:
    """One would be described as the other: the description knows them by their names."""
    shapes = [*below(Body), *below(Answer)]
    names = Counter((each.__module__.split(".")[0], each.__name__) for each in shapes)
    assert [name for name, count in names.items() if count > 1] == []


def below(kind: type[Any]) -> set[type[Any]]:
    return {found for each in kind.__subclasses__() for found in ({each} | below(each))}


@pytest.mark.parametrize("api", APIS, ids=lambda api: api.slug)
def test_nothing_below_an_apis_address_is_left_out(api: apis.Api) -> None:
    described = document.of(api)["paths"].keys()
    found = {path for path in addresses(get_resolver().url_patterns) if path.startswith(api.prefix)}
    undescribed = {path for path in found if path not in described} - {
        f"{api.prefix}openapi.json",
        f"{api.prefix}openapi.yaml",
    }
    assert not undescribed


def addresses(patterns: Any, before: str = "/") -> list[str]:
    found = []
    for each in patterns:
        if isinstance(each, URLResolver):
            found += addresses(each.url_patterns, before + str(each.pattern))
        elif isinstance(each, URLPattern):
            # "<uuid:reference>" is "{reference}" there
            route = before + str(each.pattern)
            found.append(
                "".join(part if "<" not in part else "{" + part.split(":")[-1] for part in braces(route)) or route
            )
    return found


def braces(route: str) -> list[str]:
    return route.replace(">", "}\n").replace("<", "\n<").split("\n")


@pytest.mark.parametrize("api", APIS, ids=lambda api: api.slug)
def test_it_is_served_as_json_and_yaml_to_anybody(api: apis.Api, client: Client, db: None) -> None:
    told = client.get(f"{api.prefix}openapi.json")
    assert told.status_code == 200
    assert told.json()["openapi"].startswith("3.1")
    written = client.get(f"{api.prefix}openapi.yaml")
    assert written["Content-Type"] == "application/yaml"
    assert yaml.safe_load(written.content) == told.json()


@pytest.mark.parametrize("api", APIS, ids=lambda api: api.slug)
def test_every_problem_of_an_operation_is_there_with_its_example(api: apis.Api) -> None:
    whole = document.of(api)
    for code, example in whole["components"]["examples"].items():
        assert_fits(example["value"], {"$ref": "#/components/schemas/Problem"}, whole)
        assert example["value"]["status"] == CATALOGUE[code].status
    assert json.dumps(whole).count("#/components/examples/token_invalid")
