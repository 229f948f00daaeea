"""Every row of the database that belongs to a realm, found by following foreign keys: what must not move."""

from typing import Any

from django.apps import apps
from django.db.models import ForeignKey, Model

from ca.models import Realm


def path_to_realm(model: type[Model], *, deepest: int = 5) -> str | None:
    """Return the shortest chain of foreign keys from a model to its realm, None where there is none."""
    near: list[tuple[type[Model], str]] = [(model, "")]
    for _ in range(deepest):
        further: list[tuple[type[Model], str]] = []
        for one, path in near:
            for field in one._meta.concrete_fields:
                if not isinstance(field, ForeignKey) or not isinstance(field.remote_field.model, type):
                    continue
                there = f"{path}__{field.name}" if path else field.name
                if field.remote_field.model is Realm:
                    return there
                further.append((field.remote_field.model, there))
        near = further
    return None


def of(realm: Realm) -> dict[str, list[tuple[Any, ...]]]:
    """Return the values of the realm's rows by model, in the order of their keys."""
    found = {"ca.Realm": list(Realm.objects.filter(pk=realm.pk).values_list())}
    for model in apps.get_models():
        path = path_to_realm(model)
        if path is not None:
            rows = model._default_manager.filter(**{path: realm.pk}).order_by("pk").values_list()
            found[model._meta.label] = [
                tuple(bytes(one) if isinstance(one, memoryview) else one for one in row) for row in rows
            ]
    return found
