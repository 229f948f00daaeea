#!/bin/bash
# vault.sh new FOLDER RECIPIENTS | open FOLDER IDENTITY | keep FOLDER | shut FOLDER: the folder that parcels are made from lies
# in FOLDER.age, encrypted, and in clear in memory alone (ramfs: on no disk, in no swap) while it is open. As root.
#
#   new    opens an empty one. RECIPIENTS: a file with a line for each who may open it, an age or SSH public key
#   open   decrypts it. IDENTITY: the file of one's key, a plugin's for a hardware key among them (age -i)
#   keep   encrypts what stands there, and leaves it open; parcels.sh does it before a parcel is there. FOLDER.age.before: the one before
#   shut   encrypts it and takes what was in clear away
#
# Who may open it stands in FOLDER/recipients: another line, and `keep`. A line that goes takes nothing from who has the old
# file: new secrets do (parcels.sh --new-passwords).
set -euo pipefail
umask 077
usage="vault.sh new FOLDER RECIPIENTS | open FOLDER IDENTITY | keep FOLDER | shut FOLDER"
what=${1:?$usage} folder=$(realpath -m "${2:?$usage}")
refuse() { echo "vault.sh: $1" >&2; exit 1; }
is_open() { mountpoint --quiet "$folder" && [ "$(stat --file-system --format=%T "$folder")" = ramfs ]; }
mounted() {
    mkdir -p "$folder"
    [ -z "$(ls -A "$folder")" ] || refuse "$folder has files on a disk: move them away, or into a new vault and shred them"
    mount -t ramfs -o mode=700 vault "$folder"
}
kept() {
    is_open || refuse "$folder is not open"
    # Parcels can be packed anew.
    tar --create --directory "$folder" --exclude='./*.tar' --exclude='./.work.*' . | age --encrypt --recipients-file "$folder/recipients" >"$folder.age.new"
    sync "$folder.age.new"
    [ ! -e "$folder.age" ] || ln -f "$folder.age" "$folder.age.before"
    mv "$folder.age.new" "$folder.age"
}
command -v age >/dev/null || refuse "age is not installed (Debian: apt-get install age)"
case $what in
    new)
        [ ! -e "$folder.age" ] || refuse "$folder.age is there: open it"
        ! is_open || refuse "$folder is open"
        age --encrypt --recipients-file "${3:?$usage}" </dev/null >/dev/null || refuse "$3 names nobody whom age can encrypt for"
        mounted
        cp "$3" "$folder/recipients"
        kept
        ;;
    open)
        ! is_open || refuse "$folder is open"
        identity=${3:?$usage}
        [ -e "$folder.age" ] || refuse "there is no $folder.age"
        mounted
        age --decrypt --identity "$identity" "$folder.age" | tar --extract --directory "$folder" ||
            { umount "$folder"; refuse "$folder.age was not opened; it is as it was"; }
        ;;
    keep) kept ;;
    shut)
        kept
        umount "$folder" || refuse "$folder is kept, and still open: somebody is in it"
        ;;
    *) refuse "$usage" ;;
esac
