#!/bin/bash
# jpki-manage NAME COMMAND…: run manage.py as the process NAME of this host, with its user, settings, secrets and bounds,
# which are all read from its unit: `jpki-manage ceremony create_authorities …`, `jpki-manage web staff add …`.
# As root. What is printed and the exit status are the command's.
set -euo pipefail
name=${1:?jpki-manage NAME COMMAND…} && shift
unit=/etc/systemd/system/jpki-$name.service
[ -r "$unit" ] || { echo "jpki-manage: there is no unit $unit" >&2; exit 2; }

# Another unit has another folder of credentials, and specifiers aren't expanded in transient ones.
transient=jpki-manage-$name-$$
properties=()
while IFS= read -r line; do
    properties+=(--property="${line//%d//run/credentials/$transient.service}")
done < <(grep -E '^(User|StateDirectory|StateDirectoryMode|Environment|EnvironmentFile|LoadCredentialEncrypted|SetCredential)=' "$unit")
# What the host adds to the unit (a token's group, its folder), without the heads of its sections.
for extra in "/etc/systemd/system/jpki-$name.service.d"/*.conf; do
    [ -r "$extra" ] || continue
    while IFS= read -r line; do properties+=(--property="$line"); done < <(grep -E '^[A-Z][A-Za-z]+=' "$extra")
done
# A command's counts are nobody's, and the folder for its process's goes with the process.
properties+=(--property=Environment=METRICS_DIR=)
exec systemd-run --quiet --collect --wait --pipe --unit="$transient" "${properties[@]}" \
    --property=WorkingDirectory=/opt/jpki/current \
    /opt/jpki/current/.venv/bin/python manage.py "$@"
