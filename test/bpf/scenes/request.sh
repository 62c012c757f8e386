#!/bin/bash
# Routing requests: granted, refused, in batches, by ioctl; and netlink traffic that is no request.
scene=${1:-rtreq$$}
. "$(dirname "$0")/router.sh"
trap scene_down EXIT
scene_up
echo "namespace $(stat -Lc %i "/run/netns/$h")"
echo 'expected: add, delete, refused (EEXIST, ENETUNREACH with text, ESRCH)'
ip -n "$h" route add 10.50.0.0/16 via 10.9.1.1
ip -n "$h" route add 10.50.0.0/16 via 10.9.1.1
ip -n "$h" route add 10.51.0.0/16 via 172.31.0.1
ip -n "$h" -6 route add fd50::/32 via fd09:1::1
ip -n "$h" route del 10.52.0.0/16
ip -n "$h" route del 10.50.0.0/16
printf 'route add 10.60.%d.0/24 via 10.9.1.1\n' 1 2 3 | ip -n "$h" -batch -
ip -n "$h" nexthop add id 7 via 10.9.1.1 dev h0
ip -n "$h" rule add pref 50 fwmark 9 lookup 77
ip netns exec "$h" python3 -u - <<'PY'
import fcntl, socket, struct

def attempt(call, *arguments):
    try:
        call(*arguments)
    except OSError as refused:
        print('refused:', refused.strerror)

a = lambda x: struct.pack("=HH4s8x", 2, 0, socket.inet_aton(x))
six = lambda x: socket.inet_pton(socket.AF_INET6, x)
entry = lambda net: (struct.pack("@L", 0) + a(net) + a("10.9.1.1") + a("255.255.0.0")
                     + struct.pack("@HhLPhPLLH6x", 3, 0, 0, 0, 1, 0, 0, 0, 0))
in6 = lambda net, flags: (six(net) + six("::") + six("fd09:1::1")
                          + struct.pack("=IHHIQIi", 0, 32, 0, 9, 0, flags, index))
flags = lambda name: struct.pack("16sh22x", name, 0x1043)
index = socket.if_nametoindex("h0")
inet = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
inet6 = socket.socket(socket.AF_INET6, socket.SOCK_DGRAM)
print('expected: by ioctl SIOCADDRT, refused (EEXIST), SIOCDELRT, refused (ESRCH), the same for IPv6')
for command in (0x890b, 0x890b, 0x890c, 0x890c):
    attempt(fcntl.ioctl, inet, command, entry("10.70.0.0"))
for command in (0x890b, 0x890b, 0x890c, 0x890c):
    attempt(fcntl.ioctl, inet6, command, in6("fd70::", 3))
print('expected: by ioctl SIOCSIFFLAGS of two sockets, refused (ENODEV), SIOCSIFADDR, SIOCDIFADDR')
attempt(fcntl.ioctl, inet, 0x8914, flags(b"h0"))
attempt(fcntl.ioctl, inet6, 0x8914, flags(b"h0"))
attempt(fcntl.ioctl, inet, 0x8914, flags(b"none"))
attempt(fcntl.ioctl, inet, 0x8916, struct.pack("16s", b"h0:1") + a("10.9.71.1"))
attempt(fcntl.ioctl, inet6, 0x8916, six("fd71::1") + struct.pack("=Ii", 64, index))
attempt(fcntl.ioctl, inet6, 0x8936, six("fd71::1") + struct.pack("=Ii", 64, index))
print('forbidden: by ioctl SIOCGIFFLAGS, and SIOCADDRT of a unix socket')
fcntl.ioctl(inet, 0x8913, flags(b"h0"))
attempt(fcntl.ioctl, socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM), 0x890b, entry("10.72.0.0"))

def message(kind, seq, net, gateway="10.9.1.1", flags=0x605):
    body = (struct.pack("=8BI", 2, 16, 0, 0, 254, 4, 0, 1, 0)
            + struct.pack("=HH4s", 8, 1, socket.inet_aton(net))
            + struct.pack("=HH4s", 8, 5, socket.inet_aton(gateway)))
    return struct.pack("=IHHII", 16 + len(body), kind, flags, seq, 0) + body

print('expected: a request from a socket that was never bound')
unbound = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, 0)
unbound.sendto(message(24, 4242, "10.71.0.0"), (0, 0))
print('expected: of three requests in one call the second refused (ENETUNREACH with text), also where the echo is capped')
for capped in (0, 1):
    bound = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, 0)
    bound.bind((0, 0))
    bound.setsockopt(270, 11, 1)  # SOL_NETLINK, NETLINK_EXT_ACK
    bound.setsockopt(270, 10, capped)  # NETLINK_CAP_ACK
    bound.sendmsg([message(24, 5000, f"10.8{capped}.0.0")
                   + message(24, 5001, f"10.9{capped}.0.0", "172.31.0.1"),
                   message(25, 5002, f"10.8{capped}.0.0", flags=5)], [], 0, (0, 0))
print('expected: refused (EEXIST), the echo capped')
bound.send(message(24, 5003, "10.71.0.0"))
PY
echo 'forbidden: dumps and queries'
ip -n "$h" route get 10.9.1.1 >/dev/null
ip -n "$h" route show table all >/dev/null
