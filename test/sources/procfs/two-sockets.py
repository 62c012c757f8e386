"""Opens two NETLINK_ROUTE sockets and adds a route with each; prints one JSON line, then waits for end of input.

The line holds this process's own pid, the port ids of the sockets and the nlmsg_pid of the RTM_NEWROUTE
notification each request caused.
"""

import json
import os
import socket
import struct
import sys

RTM_NEWROUTE = 24
RTMGRP_IPV4_ROUTE = 0x40


def netlink(groups=0, portid=0):
    opened = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, 0)
    opened.bind((portid, groups))
    return opened


def add_route(sender, third_byte):
    # struct rtmsg: inet, /32, table main, static, scope link, unicast; RTA_DST and RTA_OIF (lo).
    body = struct.pack("=BBBBBBBBI", 2, 32, 0, 0, 254, 4, 253, 1, 0)
    body += struct.pack("=HH4s", 8, 1, bytes([198, 18, third_byte, 1]))
    body += struct.pack("=HHI", 8, 4, 1)
    # NLM_F_REQUEST | NLM_F_ACK | NLM_F_CREATE
    sender.send(struct.pack("=IHHII", 16 + len(body), RTM_NEWROUTE, 0x405, 1, 0) + body)
    errno = struct.unpack_from("=i", sender.recv(65536), 16)[0]
    if errno != 0:
        sys.exit("RTM_NEWROUTE: errno %d" % -errno)


first = netlink(portid=int(sys.argv[1]) if len(sys.argv) > 1 else 0)
second = netlink()
listener = netlink(groups=RTMGRP_IPV4_ROUTE)
told = []
for number, sender in enumerate((first, second)):
    add_route(sender, number)
    told.append(struct.unpack_from("=I", listener.recv(65536), 12)[0])
print(
    json.dumps(
        {
            "pid": os.getpid(),
            "portids": [first.getsockname()[0], second.getsockname()[0]],
            "told": told,
        }
    ),
    flush=True,
)
sys.stdin.read()
