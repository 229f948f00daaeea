"""The files of targets, and which packages' branches guide the search in each."""

from importlib import import_module

from tests.fuzz.target import Target

# Of each file the packages that are instrumented, by their first name: more would only make every input slower.
FAMILIES: dict[str, tuple[str, ...]] = {
    "chip": ("tsm", "sandbox"),
    "certificates": ("ca", "jpki_client", "sandbox"),
    "messages": ("ca", "tsm", "whitelist", "portal", "sandbox", "jpki_client", "webauthn", "jwt"),
    "documents": ("portal", "whitelist", "jpki_client", "pyhanko", "PIL"),
}


def targets(family: str) -> dict[str, Target]:
    """Return the targets of a file, by name."""
    found = {target.name: target for target in import_module(f"tests.fuzz.{family}").TARGETS}
    return found
