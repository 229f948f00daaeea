#!/usr/bin/env bash
# Make dist/jpki-<version>.tar.gz: what hosts install (deploy/install.sh), whole, so that they ask no network for anything.
# In it: the committed files that run, without the pretend world, tests and benchmarks; compiled catalogues; the wheels
# that requirements-production.lock names, by hash, for the Python of RELEASE_PYTHON, by default Debian's own, which is the
# hosts' (what the lock names depends on its patch version). `WHEELS=folder` takes them from there.
set -euo pipefail
cd "$(dirname "$0")/.."
version=$(sed -n 's/^version = "\(.*\)"/\1/p' pyproject.toml)
mark=$(git describe --always --dirty --exclude '*' 2>/dev/null || echo unknown)
name=jpki-$version
folder=$(mktemp -d) && trap 'rm -rf "$folder"' EXIT
mkdir -p "$folder/$name" dist
git ls-files -z -- manage.py pyproject.toml LICENSE README.md requirements-production.lock ca tsm whitelist portal docs deploy \
    | tar --null --files-from=- --create | tar --extract --directory "$folder/$name"
for catalogue in $(cd "$folder/$name" && find . -name '*.po'); do
    .venv/bin/pybabel --quiet compile --input-file="$folder/$name/$catalogue" --output-file="$folder/$name/${catalogue%.po}.mo"
done
echo "$version ($mark)" >"$folder/$name/VERSION"
if [ -n "${WHEELS:-}" ]; then
    cp -r "$WHEELS" "$folder/$name/wheels"
else
    "${RELEASE_PYTHON:-/usr/bin/python3}" -m venv "$folder/venv"
    "$folder/venv/bin/python" -m pip download --quiet --disable-pip-version-check --only-binary=:all: --no-deps --require-hashes \
        --dest "$folder/$name/wheels" -r requirements-production.lock
fi
tar --sort=name --owner=root:0 --group=root:0 --create --gzip --file "dist/$name.tar.gz" --directory "$folder" "$name"
(cd dist && sha256sum "$name.tar.gz" | tee "$name.tar.gz.sha256")
