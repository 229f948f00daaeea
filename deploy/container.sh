#!/bin/bash
# container.sh PROCESS, or container.sh manage COMMAND…: in a container, start what the unit of that process starts, with
# what the unit sets where the container's environment doesn't. A secret is a file /run/secrets/<name>, by the name that the
# unit gives it; for `manage` every one that is there. Addresses are the container's: 0.0.0.0, published by who runs it.
set -euo pipefail
cd "$(dirname "$0")/.."
process=${1:?container.sh PROCESS} && shift
export VAR_DIR=/var/lib/jpki PRODUCTION=${PRODUCTION:-1} SANDBOX=${SANDBOX:-0} PYTHONUNBUFFERED=1
export DJANGO_SETTINGS_MODULE=portal.settings GRANIAN_HOST=0.0.0.0
secret() { # NAME_FILE from the unit's, where the file is there
    local name=${1,,}
    [ ! -e "/run/secrets/$name" ] || export "${1}_FILE=/run/secrets/$name"
}
if [ "$process" = manage ]; then
    for file in /run/secrets/*; do [ ! -f "$file" ] || { name=${file##*/} && secret "${name^^}"; }; done
    exec .venv/bin/python manage.py "$@"
fi
unit=deploy/systemd/jpki-$process.service
[ -r "$unit" ] || { echo "container.sh: no process is called $process" >&2; exit 2; }
for word in $(sed -n 's/^Environment=//p' "$unit"); do
    name=${word%%=*}
    case $name in
        *_FILE) secret "${name%_FILE}" ;;
        VAR_DIR) ;;
        GRANIAN_UDS*) ;; # a container has a network of its own, and a front elsewhere
        METRICS_DIR) export METRICS_DIR=${METRICS_DIR:-/tmp/jpki-metrics} ;; # emptied with the container
        *) [ -n "${!name:-}" ] || export "$word" ;;
    esac
done
command=$(sed -n 's/^ExecStart=\S* //p' "$unit")
command=${command//%%/%}
command=${command//\/var\/lib\/jpki-$process/$VAR_DIR}
# The unit's own names of settings (PORT, CONCURRENCY) and nothing else are put in.
for name in $(grep -o '\${[A-Z_]*}' <<<"$command" | tr -d '${}' | sort -u); do command=${command//\$\{$name\}/${!name}}; done
command=${command/--socket \/run\/jpki-responder\/http.sock/--host 0.0.0.0 --port ${RESPONDER_PORT:-8001}}
read -ra words <<<"$command"
exec .venv/bin/python "${words[@]}"
