#!/bin/bash
# parcels.sh FOLDER HOSTS [--new-passwords PROCESS…]: make every secret of a deployment, once, and pack for each host what it
# gets and nothing more.
#
# HOSTS is a file with a line for each host: its name, then what runs there: processes of deploy/systemd, `database`,
# `broker` or `logs` (deploy/hosts.example). FOLDER has the secrets and the internal CA: an open vault (vault.sh), into whose
# file goes what was made before a parcel is there. Again with another line in HOSTS it packs what that host gets, and changes
# no secret. FOLDER/site.env, the settings of all hosts, goes along; the first call puts it there to be filled in.
# FOLDER/<host>.tar is unpacked on the host as root, on /.
#
# With --new-passwords those processes (`reader` with it the exporters' token; none named: all) come to database and broker
# by new passwords; the old ones are refused as soon as roles.sql and definitions.json are brought (docs/operating.md). When
# each was made is the time of its file under FOLDER/secrets, which archives and `cp -p` keep; parcels tell it to the hosts.
set -euo pipefail
umask 077
here=$(cd "$(dirname "$0")" && pwd)
folder=${1:?parcels.sh FOLDER HOSTS} hosts=$(realpath "${2:?parcels.sh FOLDER HOSTS}")
[ $# -eq 2 ] || [ "$3" = --new-passwords ] || { echo "parcels.sh: what is $3?" >&2; exit 2; }
mkdir -p "$folder/secrets" && cd "$folder"
if [ ! -e site.env ]; then
    cp "$here/environment/site.env" .
    echo "$folder/site.env is yours to fill in; then call this again" >&2
    exit 3
fi
manage() { # what is told of rights is the code's own (docs/rights.md); it asks no database for it
    (cd "$here/.." && DJANGO_SETTINGS_MODULE=portal.settings PRODUCTION=1 SANDBOX=0 VAR_DIR="$work/var" .venv/bin/python manage.py "$@")
}
folder=$PWD packed=
# In the folder, and so in memory where it is a vault's.
work=$(mktemp -d -p "$folder" .work.XXXX) && trap 'rm -rf "$work"' EXIT

mkdir -p secrets/database secrets/broker
if [ $# -gt 2 ]; then
    shift 3
    [ $# -gt 0 ] || rm -f secrets/database/* secrets/broker/* secrets/metrics_token
    for name in "$@"; do
        [ -e "secrets/database/$name" ] || [ -e "secrets/broker/$name" ] || { echo "parcels.sh: $name has no password" >&2; exit 1; }
        rm -f "secrets/database/$name" "secrets/broker/$name"
        [ "$name" != reader ] || rm -f secrets/metrics_token
    done
fi
secret() { [ -s "secrets/$1" ] || openssl rand -hex 32 >"secrets/$1"; cat "secrets/$1"; }
first_with() { awk -v what="$1" '!/^#/ { for (i = 2; i <= NF; i++) if ($i == what) { print $1; exit } }' "$hosts"; }
database=$(first_with database) broker=$(first_with broker) logs=$(first_with logs)
[ -n "$database" ] && [ -n "$broker" ] && [ -n "$logs" ] || { echo "parcels.sh: $hosts names no database, no broker, or no log host" >&2; exit 1; }

put() { # file, lines
    mkdir -p "$(dirname "$1")"
    printf '%s\n' "$2" >"$1"
}
# Which role of the database, and which user of the broker, a process is.
role() { case $1 in exporter) echo reader ;; *) echo "$1" ;; esac; }
credentials() { # process, tree, what else stands on the host, the host
    local at=$2/etc/jpki/credentials/$1 name
    mkdir -p "$at"
    # Only what the unit asks for by name; the mail server's password is the operator's to put there.
    for name in $(sed -n 's/^LoadCredentialEncrypted=\([a-z_]*\):.*/\1/p' "$here/systemd/jpki-$1.service"); do
        # Only the host of `reader` gets its addresses.
        case $1/$name/$3 in exporter/*_url/*' reader '*) ;; exporter/*_url/*) continue ;; esac
        case $name in
            database_url) put "$at/$name" "postgresql://jpki_$(role "$1"):$(secret "database/$(role "$1")")@$database:5432/jpki?sslmode=verify-full&sslrootcert=/etc/jpki/tls/internal-ca.pem" ;;
            broker_url) put "$at/$name" "amqp://jpki_$(role "$1"):$(secret "broker/$(role "$1")")@$broker:5671/jpki" ;;
            email_host_password) ;;
            metrics_tls_key) install -m600 "tls/$4.key" "$at/$name" ;;
            *) put "$at/$name" "$(secret "$name")" ;;
        esac
    done
}
certificate() { # host, folder
    [ -e "tls/$1.pem" ] || "$here/internal-certificates.sh" tls "$1" 2>/dev/null
    mkdir -p "$2"
    cp "tls/$1.pem" "$2/server.pem"
    cp "tls/$1.key" "$2/server.key"
    cp tls/internal-ca.pem "$2/"
}
logging() { # host, tree, host or logs: which end of the way to the log host it is
    [ -e "tls/$1.pem" ] || "$here/internal-certificates.sh" tls "$1" 2>/dev/null
    mkdir -p "$2/etc/jpki/tls" "$2/etc/rsyslog.d"
    install -m644 "tls/$1.pem" "$2/etc/jpki/tls/host.pem"
    install -m600 "tls/$1.key" "$2/etc/jpki/tls/host.key"
    install -m644 tls/internal-ca.pem "$2/etc/jpki/tls/"
    sed "s/log1\.internal/$logs/; s/\"HOSTS\"/$senders/" "$here/logs/rsyslog-$3.conf" >"$2/etc/rsyslog.d/10-jpki.conf"
    [ "$3" = host ] || install -Dm644 "$here/logs/tmpfiles.conf" "$2/etc/tmpfiles.d/jpki-logs.conf"
    # A parcel's folders become the host's: as Debian has them.
    chmod 644 "$2/etc/rsyslog.d/10-jpki.conf"
    find "$2/etc" -type d -exec chmod 755 {} +
}
senders=$(awk '!/^#/ && NF > 1 && !/ logs( |$)/ { printf "%s\"%s\"", sep, $1; sep = ", " }' "$hosts")

# Verifiers of the passwords (SCRAM), not the passwords; and each that isn't there is made.
manage database_roles roles --passwords "$folder/secrets/database" --database jpki >"$work/roles.sql"
manage broker_definitions --passwords "$folder/secrets/broker" --out "$work/definitions.json"
secret metrics_token >/dev/null
for file in secrets/database/* secrets/broker/* secrets/metrics_token; do
    case $file in */metrics_token) what='metrics exporter' ;; *) what=${file#secrets/} ;; esac
    echo "$(date --utc --reference="$file" +%FT%TZ) ${what/\// }"
done >"$work/passwords-made"

while read -r host parts; do
    case $host in '' | '#'*) continue ;; esac
    tree=$(mktemp -d "$work/XXXX")
    chmod 755 "$tree"
    # Every host's journal goes to the log host, whose own stays there.
    case " $parts " in *' logs '*) logging "$host" "$tree" logs ;; *) logging "$host" "$tree" host ;; esac
    for part in $parts; do
        case $part in
            logs) ;;
            database)
                certificate "$host" "$tree/root/jpki-database"
                cp "$here"/postgresql/* "$tree/root/jpki-database/"
                cp "$work/roles.sql" "$tree/root/jpki-database/"
                ;;
            broker)
                certificate "$host" "$tree/root/jpki-broker"
                cp "$here"/rabbitmq/* "$tree/root/jpki-broker/"
                cp "$work/definitions.json" "$tree/root/jpki-broker/"
                ;;
            *)
                [ -e "$here/systemd/jpki-$part.service" ] || { echo "parcels.sh: no process is called $part" >&2; exit 1; }
                credentials "$part" "$tree" " $parts " "$host"
                install -m644 site.env "$work/passwords-made" "$tree/etc/jpki/"
                ;;
        esac
    done
    (cd "$tree" && tar --create --owner=root:0 --group=root:0 --file - -- *) >"$work/$host.tar"
    rm -rf "$tree"
    packed+="$host.tar: $parts"$'\n'
done <"$hosts"
# No secret goes to a host that the vault's file doesn't have.
[ ! -e recipients ] || "$here/vault.sh" keep "$folder"
mv "$work"/*.tar .
printf %s "$packed"
