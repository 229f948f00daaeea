#!/bin/bash
# Install the release that this file is part of on a host, as root; again is harmless, and nothing is started.
#   /opt/jpki/releases/<version>  the release with its .venv, root's    /opt/jpki/current  what runs: a link to one
#   /etc/jpki/*.env               settings, never overwritten           /etc/jpki/sealed/<process>/  secrets
# A newer release is installed beside the old one; `--no-switch` leaves `current` where it is (docs/upgrading.md).
set -euo pipefail
umask 022
release=$(cd "$(dirname "$0")/.." && pwd)
[ "$(id -u)" -eq 0 ] || { echo "install.sh: as root" >&2; exit 1; }
case $release in /opt/jpki/releases/*) ;; *) echo "install.sh: unpack the release under /opt/jpki/releases/ first" >&2; exit 1 ;; esac
cd "$release"

# What was locked and is in the release, by hash; no network is asked.
if [ ! -e .venv/installed ]; then
    python3 -m venv .venv
    .venv/bin/python -m pip install --quiet --disable-pip-version-check --root-user-action=ignore --no-index --no-deps \
        --find-links wheels --require-hashes -r requirements-production.lock
    .venv/bin/python -m compileall -q ca tsm whitelist portal
    cp VERSION .venv/installed
fi
chown -R root:root "$release"
[ "${1:-}" = --no-switch ] || ln -sfnT "$release" /opt/jpki/current

install -Dm644 deploy/sysusers.conf /etc/sysusers.d/jpki.conf
systemd-sysusers
install -Dm644 deploy/tmpfiles.conf /etc/tmpfiles.d/jpki.conf
[ ! -d /run/systemd/system ] || systemd-tmpfiles --create /etc/tmpfiles.d/jpki.conf
install -dm755 /etc/jpki /etc/jpki/tls
install -dm700 /etc/jpki/credentials
for file in deploy/environment/*.env; do
    [ -e "/etc/jpki/${file##*/}" ] || install -m644 "$file" /etc/jpki/
done
install -Dm644 deploy/journald.conf /etc/systemd/journald.conf.d/jpki.conf
install -Dm644 -t /etc/systemd/system/jpki-.service.d deploy/systemd/jpki-.service.d/*.conf
install -Dm644 -t /etc/systemd/system deploy/systemd/*.service deploy/systemd/*.slice deploy/systemd/*.target
install -Dm755 deploy/manage.sh /usr/local/sbin/jpki-manage
install -Dm755 deploy/seal.sh /usr/local/sbin/jpki-seal
jpki-seal
[ ! -d /run/systemd/system ] || systemctl daemon-reload
echo "smartphone JPKI $(cat VERSION) is installed; running will be $(readlink /opt/jpki/current)"
