#!/bin/bash
# internal-certificates.sh FOLDER HOST…: a CA of the deployment's own, and a certificate for each host that others reach
# over TLS inside it (database, broker). Again with another HOST it adds to what is there. Nobody outside believes it.
#   FOLDER/internal-ca.pem on every host; FOLDER/internal-ca.key offline; FOLDER/HOST.pem and HOST.key on HOST alone
set -euo pipefail
umask 077
folder=${1:?internal-certificates.sh FOLDER HOST…} && shift
mkdir -p "$folder" && cd "$folder"
curve() { openssl ecparam -name prime256v1 -genkey -noout -out "$1"; }
if [ ! -e internal-ca.key ]; then
    curve internal-ca.key
    openssl req -x509 -new -key internal-ca.key -days 3650 -sha256 -subj "/CN=Smartphone JPKI internal" \
        -addext "basicConstraints=critical,CA:TRUE,pathlen:0" -addext "keyUsage=critical,keyCertSign,cRLSign" \
        -out internal-ca.pem
fi
for host in "$@"; do
    curve "$host.key"
    openssl req -new -key "$host.key" -subj "/CN=$host" -addext "subjectAltName=DNS:$host" -out "$host.csr"
    printf 'basicConstraints=critical,CA:FALSE\nkeyUsage=critical,digitalSignature\nextendedKeyUsage=serverAuth,clientAuth\nsubjectAltName=DNS:%s\n' "$host" >"$host.ext"
    openssl x509 -req -in "$host.csr" -CA internal-ca.pem -CAkey internal-ca.key -CAcreateserial -days 397 -sha256 \
        -extfile "$host.ext" -out "$host.pem"
    rm "$host.csr" "$host.ext"
done
chmod 644 ./*.pem
