#!/bin/bash
# Inside fresh namespaces: become a host. boot.sh NAME FOLDER [INSTALLED], where INSTALLED is a /opt/jpki to begin with.
# The machine's own files are only read; all that is written is in memory and goes with the host.
set -euo pipefail
name=$1 folder=$2 installed=${3:-}
mount --make-rprivate /
mount -t tmpfs -o size=3g,mode=755 tmpfs "$folder"
mkdir -p "$folder"/{upper,work,root,upper-installed,work-installed}
mount -t overlay overlay -o "lowerdir=/,upperdir=$folder/upper,workdir=$folder/work" "$folder/root"
cd "$folder/root"
if [ -n "$installed" ]; then
    mkdir -p opt/jpki
    mount -t overlay overlay -o "lowerdir=$installed,upperdir=$folder/upper-installed,workdir=$folder/work-installed" opt/jpki
fi
mount -t proc proc proc
mount --bind proc/sys proc/sys && mount -o remount,bind,ro proc/sys
mount -t sysfs -o ro sysfs sys
mount -t cgroup2 cgroup2 sys/fs/cgroup
mount -t tmpfs -o mode=755 tmpfs run
mount -t tmpfs -o mode=1777,size=500m tmpfs tmp
mount -t tmpfs -o mode=755 tmpfs dev
for device in null zero full random urandom tty; do touch "dev/$device" && mount --bind "/dev/$device" "dev/$device"; done
mkdir dev/pts dev/shm
mount -t devpts -o newinstance,ptmxmode=0666,mode=620 devpts dev/pts
mount -t tmpfs -o mode=1777 tmpfs dev/shm
ln -s pts/ptmx dev/ptmx
for n in 0:stdin 1:stdout 2:stderr; do ln -s "/proc/self/fd/${n%:*}" "dev/${n#*:}"; done
ln -s /proc/self/fd dev/fd
rm -f usr/sbin/policy-rc.d
# What this machine happens to have installed doesn't run until the page installs it (`apt-get` in page.py).
for unit in postgresql postgresql@15-main rabbitmq-server epmd nginx redis-server pcscd rsyslog prometheus prometheus-node-exporter; do
    ln -sf /dev/null "etc/systemd/system/$unit.service"
done
for unit in epmd.socket pcscd.socket podman.socket podman.service podman-auto-update.timer podman-restart.service; do
    ln -sf /dev/null "etc/systemd/system/$unit"
done
for unit in systemd-modules-load.service sys-kernel-debug.mount sys-kernel-tracing.mount sys-fs-fuse-connections.mount dev-hugepages.mount; do
    ln -sf /dev/null "etc/systemd/system/$unit"
done
hostname "$name"
echo "$name" >etc/hostname
printf '127.0.0.1 localhost\n' >etc/hosts
rm -f etc/machine-id && touch etc/machine-id
mkdir -p .old && pivot_root . .old
umount --lazy /.old
mount --make-rshared / # as a host's root is: credentials are mounted beside a unit and must reach it
exec env -i container=jpki PATH=/usr/sbin:/usr/bin:/sbin:/bin \
    setpriv --bounding-set=-sys_module,-sys_time,-sys_boot,-sys_rawio /lib/systemd/systemd --system --log-target=journal
