#!/bin/bash
# jpki-seal [FOLDER]: encrypt for this host alone every secret that lies in clear under /etc/jpki/credentials, out of a parcel
# or put there by hand, and take what was in clear away. As root, after a parcel was unpacked (install.sh does it, too); again
# is harmless. FOLDER: another than /etc/jpki.
#   /etc/jpki/sealed/<process>/<name>   AES-256-GCM by systemd-creds, under this host's key and its TPM 2 where there is one:
#                                       what units are given (LoadCredentialEncrypted=), which take no secret in clear
set -euo pipefail
umask 077
etc=${1:-/etc/jpki}
[ -d "$etc/credentials" ] || exit 0
install -dm700 "$etc/sealed"
while IFS= read -r -d '' file; do
    from=$etc/credentials/$file to=$etc/sealed/$file
    install -dm700 "${to%/*}"
    systemd-creds encrypt --name="${file##*/}" "$from" "$to.new"
    mv "$to.new" "$to"
    shred --remove "$from"
done < <(find "$etc/credentials" -mindepth 2 -maxdepth 2 -type f -printf '%P\0')
