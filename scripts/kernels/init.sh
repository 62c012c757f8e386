#!/usr/bin/busybox sh
# First process of the virtual machine: mounts, drivers, then /etc/routetap/command with its output on two ports.
export PATH=/usr/local/bin:/usr/sbin:/usr/bin HOME=/root LANG=C.UTF-8 TERM=dumb
mount -t proc proc /proc
mount -t sysfs sysfs /sys
mount -t devtmpfs devtmpfs /dev 2>/dev/null
mkdir -p /dev/pts /dev/shm
mount -t devpts devpts /dev/pts
mount -t tmpfs tmpfs /dev/shm
mount -t tmpfs tmpfs /run
mkdir -p /run/netns /run/lock
mount -t cgroup2 cgroup2 /sys/fs/cgroup
mount -t bpf bpf /sys/fs/bpf
mount -t tracefs tracefs /sys/kernel/tracing
mount -t debugfs debugfs /sys/kernel/debug
for module in /lib/modules/load/*; do insmod "$module" || echo "insmod $module failed" >/dev/console; done
hostname routetap-vm
ip link set lo up

port() {
  tries=0
  while [ $tries -lt 100 ]; do
    for folder in /sys/class/virtio-ports/*; do
      [ "$(cat "$folder/name" 2>/dev/null)" = "$1" ] && [ -e "/dev/${folder##*/}" ] && echo "/dev/${folder##*/}" && return
    done
    sleep 0.1
    tries=$((tries + 1))
  done
  echo /dev/console
}
out=$(port routetap.out) err=$(port routetap.err) control=$(port routetap.control)
exec 9>"$control"
echo "up $(cut -d' ' -f1 /proc/uptime)" >&9

# Ports open only once, and /dev/stderr opens again: programs get pipes.
mkfifo /run/out /run/err
cat /run/out >"$out" &
copying=$!
cat /run/err >"$err" &
copying="$copying $!"
cd /routetap
/usr/bin/bash /etc/routetap/command </dev/null >/run/out 2>/run/err 9>&-
code=$?
# A program that was left running may hold the pipes: its output is not waited for.
tries=0
while [ $tries -lt 20 ] && kill -0 $copying 2>/dev/null; do
  sleep 0.1
  tries=$((tries + 1))
done
echo "exit $code" >&9
exec 9>&-
reboot -f
