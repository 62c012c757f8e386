"""Sends what redirect.sh is about. Arguments: namespaces of host, router and other, their link-local addresses."""

import ctypes
import json
import socket
import struct
import subprocess
import sys
import time

HOST, ROUTER, OTHER, ROUTER_LL, OTHER_LL = sys.argv[1:6]
V4, V6 = "10.9.1.2", "fd09:1::2"
CLONE_NEWNET = 0x40000000
LIBC = ctypes.CDLL(None, use_errno=True)
PAUSE = 0.2
told = []


def enter(zone):
    with open(f"/run/netns/{zone}", encoding="ascii") as handle:
        if LIBC.setns(handle.fileno(), CLONE_NEWNET) != 0:
            raise OSError(ctypes.get_errno(), "setns")


def set_host(**values):
    """Sets sysctls below net in the host; `__` is a dot."""
    enter(HOST)
    for name, value in values.items():
        with open("/proc/sys/net/" + name.replace("__", "/"), "w", encoding="ascii") as handle:
            handle.write(str(value))


def packed(address):
    return socket.inet_pton(socket.AF_INET6 if ":" in address else socket.AF_INET, address)


def checksum(data):
    total = sum(struct.unpack(f"!{len(data) // 2}H", data))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return ~total & 0xFFFF


def expect(verdict, reason, dst, author, gateway, hint="-"):
    family = "inet6" if ":" in dst else "inet"
    told.append(dst)
    print("expected", verdict, reason, family, dst, author, gateway, hint, flush=True)


def flow(dst, bound=False):
    """A socket of the host that could have sent to `dst`, and its port."""
    enter(HOST)
    own = socket.socket(socket.AF_INET6 if ":" in dst else socket.AF_INET, socket.SOCK_DGRAM)
    if bound:
        own.setsockopt(socket.SOL_SOCKET, socket.SO_BINDTODEVICE, b"h0\0")
    own.bind((V6 if ":" in dst else V4, 0))
    return own, own.getsockname()[1]


def forge4(zone, dst, gateway, code=1, flip=0, protocol=17):
    """An ICMP redirect of `zone` about a datagram of the host to `dst`: of UDP, or what nobody sent."""
    own, own_port = flow(dst)
    enter(zone)
    quoted = struct.pack("!BBHHHBBH4s4s", 0x45, 0, 28, 1, 0, 64, protocol, 0, packed(V4), packed(dst))
    quoted += struct.pack("!HHHH", own_port, 9, 8, 0)
    body = packed(gateway) + quoted
    right = checksum(struct.pack("!BBH", 5, code, 0) + body)
    with socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_ICMP) as raw:
        raw.sendto(struct.pack("!BBH", 5, code, right ^ flip) + body, (V4, 0))
    time.sleep(PAUSE)
    own.close()


def forge6(zone, source, dst, target, code=0, hops=255, port=None):
    """An ICMPv6 redirect; with `port` it quotes what would be TCP of the host from there, else nothing."""
    enter(zone)
    body = packed(target) + packed(dst)
    if port is not None:
        quoted = struct.pack("!IHBB16s16s", 6 << 28, 8, 6, 64, packed(V6), packed(dst))
        quoted += struct.pack("!HHHH", port, 9, 8, 0)
        body += struct.pack("!BB6x", 4, 1 + len(quoted) // 8) + quoted
    dev = socket.if_nametoindex("br0" if zone == ROUTER else "b0")
    with socket.socket(socket.AF_INET6, socket.SOCK_RAW, socket.IPPROTO_ICMPV6) as raw:
        raw.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_UNICAST_HOPS, hops)
        raw.bind((source, 0, 0, dev if source.startswith("fe80") else 0))
        raw.sendto(struct.pack("!BBHI", 137, code, 0, 0) + body, (V6, 0))
    time.sleep(PAUSE)


def real():
    expect("deferred", "-", "10.9.3.7", "10.9.1.1", "10.9.1.3")
    expect("accepted", "-", "10.9.3.7", "10.9.1.1", "10.9.1.3")
    own, _ = flow("10.9.3.7")
    for _ in range(2):
        own.sendto(b"x", ("10.9.3.7", 9))
        time.sleep(1)
    expect("accepted", "-", "fd09:3::7", ROUTER_LL, OTHER_LL)
    own, _ = flow("fd09:3::7", bound=True)
    own.sendto(b"x", ("fd09:3::7", 9))
    time.sleep(1)


def forged4():
    expect("rejected", "no_flow", "10.9.3.10", "10.9.1.1", "10.9.1.3")
    forge4(ROUTER, "10.9.3.10", "10.9.1.3", protocol=6)
    expect("rejected", "bad_gateway", "10.9.3.11", "10.9.1.1", V4)
    forge4(ROUTER, "10.9.3.11", V4)
    expect("rejected", "bad_gateway", "10.9.3.12", "10.9.1.1", "224.0.0.1", "bad_gateway")
    forge4(ROUTER, "10.9.3.12", "224.0.0.1")
    expect("rejected", "malformed", "10.9.3.13", "10.9.1.1", "10.9.1.3", "malformed")
    forge4(ROUTER, "10.9.3.13", "10.9.1.3", code=7)
    expect("rejected", "same_gateway", "10.9.3.14", "10.9.1.1", "10.9.1.1", "same_gateway")
    forge4(ROUTER, "10.9.3.14", "10.9.1.1")
    print("forbidden: a wrong checksum, 10.9.3.15", flush=True)
    forge4(ROUTER, "10.9.3.15", "10.9.1.3", flip=0x0100)
    expect("rejected", "not_the_gateway", "10.9.3.16", "10.9.1.3", "10.9.1.4")
    forge4(OTHER, "10.9.3.16", "10.9.1.4")
    # A raw socket and the datagram's own are both told of it.
    enter(HOST)
    with socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_UDP):
        expect("accepted", "-", "10.9.3.21", "10.9.1.1", "10.9.1.3")
        forge4(ROUTER, "10.9.3.21", "10.9.1.3")


def forged6():
    expect("rejected", "no_flow", "fd09:3::10", ROUTER_LL, OTHER_LL)
    forge6(ROUTER, ROUTER_LL, "fd09:3::10", OTHER_LL, port=1)
    expect("rejected", "malformed", "fd09:3::11", ROUTER_LL, OTHER_LL, "malformed")
    forge6(ROUTER, ROUTER_LL, "fd09:3::11", OTHER_LL, code=1)
    expect("rejected", "malformed", "fd09:3::12", ROUTER_LL, OTHER_LL, "malformed")
    forge6(ROUTER, ROUTER_LL, "fd09:3::12", OTHER_LL, hops=64)
    expect("rejected", "not_link_local", "fd09:3::13", "fd09:1::1", OTHER_LL, "not_link_local")
    forge6(ROUTER, "fd09:1::1", "fd09:3::13", OTHER_LL)
    expect("rejected", "bad_gateway", "fd09:3::14", ROUTER_LL, "fd09:1::3", "bad_gateway")
    forge6(ROUTER, ROUTER_LL, "fd09:3::14", "fd09:1::3")
    expect("accepted", "-", "fd09:3::15", ROUTER_LL, OTHER_LL)
    forge6(ROUTER, ROUTER_LL, "fd09:3::15", OTHER_LL)
    expect("rejected", "not_the_gateway", "fd09:3::16", OTHER_LL, OTHER_LL)
    forge6(OTHER, OTHER_LL, "fd09:3::16", OTHER_LL)


def refused():
    def refuse(last, gateway="10.9.1.3", reason="not_accepted", hint="not_accepted"):
        expect("rejected", reason, f"10.9.3.{last}", "10.9.1.1", gateway, hint)
        forge4(ROUTER, f"10.9.3.{last}", gateway)

    def refuse6(last):
        expect("rejected", "not_accepted", f"fd09:3::{last}", ROUTER_LL, OTHER_LL, "not_accepted")
        forge6(ROUTER, ROUTER_LL, f"fd09:3::{last}", OTHER_LL)

    set_host(ipv4__conf__all__accept_redirects=0, ipv4__conf__h0__accept_redirects=0)
    set_host(ipv6__conf__h0__accept_redirects=0)
    refuse(17)
    refuse6(17)
    set_host(ipv4__ip_forward=1, ipv6__conf__h0__forwarding=1)
    set_host(ipv4__conf__all__accept_redirects=0, ipv4__conf__h0__accept_redirects=1)
    set_host(ipv6__conf__h0__accept_redirects=1)
    refuse(18)
    refuse6(18)
    set_host(ipv4__ip_forward=0, ipv4__conf__all__accept_redirects=1)
    set_host(ipv4__conf__all__shared_media=0, ipv4__conf__h0__shared_media=0)
    refuse(19, gateway="10.9.7.7", reason="not_on_link", hint="-")
    refuse(20, gateway="10.9.1.4", reason="not_a_default", hint="-")


def routes():
    """What the kernel made of it: `route DST GATEWAY`."""
    for dst in sorted(set(told)):
        answer = subprocess.run(["ip", "-n", HOST, "-j", "route", "get", dst], check=True, capture_output=True)
        print("route", dst, json.loads(answer.stdout)[0]["gateway"], flush=True)


real()
enter(ROUTER)
for conf in ("all", "br0"):
    with open(f"/proc/sys/net/ipv4/conf/{conf}/send_redirects", "w", encoding="ascii") as switch:
        switch.write("0")
forged4()
forged6()
refused()
routes()
time.sleep(0.5)
