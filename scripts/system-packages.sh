#!/usr/bin/env bash
# Get what no Python package brings: `scripts/system-packages.sh NEED...`, each NEED a row of the table below.
# What is missing, root installs in one apt call that starts no service; others are told what it costs to do without.
# Ends with 1 when something is still missing; the caller decides what that means.
set -uo pipefail

# need | Debian packages | what it costs to do without
needs() {
    cat <<'TABLE'
venv|python3-venv|no virtual environment can be made: nothing runs
readers|libpcsclite-dev gcc libc6-dev python3-dev|card readers are off (a real card or secure element can't be reached); all else works
postgresql|postgresql|the tests of concurrency on PostgreSQL don't run
pcscd|pcscd vsmartcard-vpcd opensc|the tests that reach the virtual card through pcscd and OpenSC don't run
headless|chromium-headless-shell|the browser tests need the whole Chromium, which takes three times the work for a page
chromium|chromium|the browser tests don't run
fonts|fonts-noto-cjk fontconfig|the browser tests' pictures show boxes in place of Japanese
documents|libpango-1.0-0 libpangoft2-1.0-0 libharfbuzz-subset0 fonts-noto-cjk fontconfig|letters, receipts and exports as PDF can't be made; all else works
poppler|poppler-utils|the tests that let pdfsig and pdftotext read our PDF files don't run
openssl|openssl|the tests and the demo that let OpenSSL verify what was issued don't run
softhsm|softhsm2|the tests of signing keys behind PKCS#11 don't run
nginx|nginx-light|the test that lets nginx keep OCSP answers and check verifiers' certificates doesn't run
logs|rsyslog rsyslog-gnutls|the tests that send a host's journal to a log host don't run
wrk|wrk|the benchmark of OCSP doesn't run
rabbitmq|rabbitmq-server|the tests on RabbitMQ don't run
diagrams|graphviz|the documentation's site can't be built: its diagrams are drawn from the code
age|age|the tests of the vault and the one that lets age open a backup don't run
firewall|nftables iproute2|the tests that let the kernel hold the firewall's rules don't run
chaos|gcc libc6-dev iproute2 nftables socat|the faults that move the machine's clock or lose packets don't run
hosts|iproute2|what runs on several hosts, as network namespaces of one machine, doesn't run
TABLE
}

have() {
    case $1 in
        venv) python3 -c 'import ensurepip, venv' ;;
        readers) command -v gcc && [ -e /usr/include/PCSC/winscard.h ] && [ -e /usr/include/stdio.h ] \
            && python3 -c 'import os, sys, sysconfig; sys.exit(not os.path.exists(sysconfig.get_path("include") + "/Python.h"))' ;;
        postgresql) command -v initdb || ls /usr/lib/postgresql/*/bin/initdb ;;
        pcscd) [ -x /usr/sbin/pcscd ] && [ -e /etc/reader.conf.d/vpcd ] && command -v opensc-tool ;;
        headless) command -v chromium-headless-shell ;;
        chromium) command -v chromium ;;
        fonts) fc-list :lang=ja | grep -q . ;;
        documents) ldconfig -p | grep -q libpangoft2-1.0.so.0 && ldconfig -p | grep -q libharfbuzz-subset.so.0 && fc-list :lang=ja | grep -q . ;;
        poppler) command -v pdfsig && command -v pdftotext ;;
        openssl) command -v openssl ;;
        softhsm) command -v softhsm2-util && [ -e /usr/lib/softhsm/libsofthsm2.so ] ;;
        nginx) [ -x /usr/sbin/nginx ] || command -v nginx ;;
        logs) [ -x /usr/sbin/rsyslogd ] && ls /usr/lib/*/rsyslog/lmnsd_gtls.so ;;
        wrk) command -v wrk ;;
        rabbitmq) [ -x /usr/sbin/rabbitmq-server ] || command -v rabbitmq-server ;;
        diagrams) command -v dot ;;
        age) command -v age ;;
        firewall) command -v nft && command -v ip ;;
        chaos) command -v cc && [ -e /usr/include/stdio.h ] && command -v ip && command -v nft && command -v socat ;;
        hosts) command -v ip && command -v tc ;;
        *) echo "system-packages.sh: no need is called '$1'" >&2; exit 2 ;;
    esac >/dev/null 2>&1
}

missing=() packages=()
for need in "$@"; do
    have "$need" && continue
    missing+=("$need")
    read -ra add <<<"$(needs | awk -F'|' -v need="$need" '$1 == need { print $2 }')"
    packages+=("${add[@]}")
done
[ ${#missing[@]} -eq 0 ] && exit 0

if [ "$(id -u)" -eq 0 ] && command -v apt-get >/dev/null; then
    echo "installing by apt: ${packages[*]}"
    policy=/usr/sbin/policy-rc.d
    if [ ! -e "$policy" ]; then # the new packages' services stay off
        printf '#!/bin/sh\nexit 101\n' >"$policy" && chmod +x "$policy"
        trap 'rm -f "$policy"' EXIT
    fi
    log=$(mktemp)
    export DEBIAN_FRONTEND=noninteractive
    { apt-get update && apt-get install -y --no-install-recommends "${packages[@]}"; } </dev/null >"$log" 2>&1 || tail -n 5 "$log" >&2
    rm -f "$log"
fi

status=0
for need in "${missing[@]}"; do
    have "$need" && continue
    status=1
    needs | awk -F'|' -v need="$need" '$1 == need { print "without " $2 ": " $3 " (root can: apt-get install " $2 ")" }' >&2
done
exit $status
