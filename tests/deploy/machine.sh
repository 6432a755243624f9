#!/bin/bash
# Boots systemd in namespaces of its own, on a copy of this machine's files that is gone afterwards, and
# runs a script there. Nothing of the machine itself is changed: files are an overlay in memory, the
# network is a loopback of its own, /proc/sys is read only.
#   unshare -m -p -n -u -i -C --fork --propagation private machine.sh FOLDER SCRIPT [SEEN]...
# FOLDER keeps what the script writes to /kept; the folders SEEN are there as they are here.
set -eu
folder=$1 script=$2
shift 2
mkdir -p "$folder/memory" "$folder/kept"
memory=$folder/memory
mount -t tmpfs tmpfs "$memory"
mkdir "$memory/upper" "$memory/work" "$memory/root" "$memory/units"
mount -t overlay overlay -o "lowerdir=/,upperdir=$memory/upper,workdir=$memory/work" "$memory/root"
root=$memory/root
mkdir -p "$root/kept" "$root/before"
mount -t proc proc "$root/proc"
mount --bind "$root/proc/sys" "$root/proc/sys"
mount -o remount,ro,bind "$root/proc/sys"
mount -t sysfs -o ro sysfs "$root/sys"
mount --rbind /dev "$root/dev"
mount --make-rprivate "$root/dev"
for place in run tmp dev/shm sys/fs/cgroup; do mount -t tmpfs tmpfs "$root/$place"; done
mkdir "$root/sys/fs/cgroup/unified" "$root/sys/fs/cgroup/systemd"
mount -t cgroup2 cgroup2 "$root/sys/fs/cgroup/unified"
mount -t cgroup -o none,name=systemd cgroup "$root/sys/fs/cgroup/systemd"
mount --bind "$folder/kept" "$root/kept"
cp "$script" "$root/script.sh"
for seen; do
    mkdir -p "$root$seen"
    mount --bind "$seen" "$root$seen"
done

# Of the units of the machine none is started: only targets, and one service that runs the script.
units=$root/lib/systemd/system
mount --bind "$memory/units" "$units"
for name in sysinit basic sockets timers paths slices multi-user network-online shutdown umount final exit; do
    printf '[Unit]\nDefaultDependencies=no\n' >"$units/$name.target"
done
cat >"$units/basic.target" <<END
[Unit]
DefaultDependencies=no
Requires=sysinit.target
Wants=sockets.target timers.target paths.target slices.target
After=sysinit.target sockets.target paths.target slices.target
END
cat >"$units/script.service" <<END
[Service]
Type=oneshot
Environment=PATH=/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
ExecStart=/bin/bash /script.sh
StandardOutput=append:/kept/said
StandardError=append:/kept/said
ExecStopPost=/bin/systemctl exit 0 --force
TimeoutStartSec=400
END
printf '[Unit]\nRequires=basic.target\nAfter=basic.target\nWants=script.service\n' >"$units/boot.target"
rm -rf "$root/etc/systemd/system"
mkdir -p "$root/etc/systemd/system"

ip link set lo up
cd "$root"
pivot_root . before
cd /
umount -l /before
# Mounts that systemd makes for one service are to reach it.
mount --make-rshared /
exec env -i container=lxc PATH=/usr/sbin:/usr/bin:/sbin:/bin LANG=C.UTF-8 \
    /lib/systemd/systemd --system --unit=boot.target --log-level=warning --log-target=console --show-status=no
