"""The catalogue of faults: their names, what happens, what they take. An unknown one is an error that names all."""

from collections.abc import Mapping
from typing import Any

from sandbox.faults.catalogue.entry import Named, Parameter, Place, Reaction
from sandbox.faults.catalogue.others import CRLS, OCSP, PHONES, RETURNS, TRUSTS
from sandbox.faults.catalogue.results import RESULTS
from sandbox.faults.errors import FaultParameterInvalid, FaultUnknown

__all__ = ["ALL", "CATALOGUE", "Named", "Parameter", "Place", "Reaction", "completed", "named"]

ALL: tuple[Named, ...] = (*RESULTS, *RETURNS, *OCSP, *CRLS, *PHONES, *TRUSTS)
CATALOGUE: Mapping[str, Named] = {one.name: one for one in ALL}


def named(name: str) -> Named:
    """Return the fault of that name. Raises FaultUnknown, which names all."""
    found = CATALOGUE.get(name)
    if found is None:
        raise FaultUnknown(f"there is no fault {name!r}", known=sorted(CATALOGUE))
    return found


def completed(fault: Named, given: Mapping[str, Any]) -> dict[str, Any]:
    """Return all parameters of a fault, those that are given and the others' defaults. Raises FaultParameterInvalid."""
    known = sorted(fault.parameters)
    for name, value in given.items():
        parameter = fault.parameters.get(name)
        if parameter is None:
            raise FaultParameterInvalid(f"{fault.name} has no parameter {name!r}", parameter=name, known=known)
        if not parameter.fits(value):
            raise FaultParameterInvalid(f"{name} must be {parameter.must}", parameter=name, known=known)
    return {name: given.get(name, parameter.default) for name, parameter in fault.parameters.items()}
