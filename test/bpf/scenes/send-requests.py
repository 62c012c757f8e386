"""Sends route and link requests from one socket, in the order of its arguments; says who did (thread ids).

route*N: N calls; batch*N: N in one call; link*N; thread, fork: one route request by another thread or process;
socket: another socket from here on; pieces: a sendmmsg of three datagrams, the second one in pieces.
"""
import ctypes
import os
import socket
import struct
import sys
import threading


def opened():
    sk = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, 0)
    sk.bind((0, 0))
    return sk


def route():
    body = (struct.pack("=8BI", 2, 32, 0, 0, 254, 4, 253, 1, 0)
            + struct.pack("=HH4s", 8, 1, socket.inet_aton("198.18.9.9"))
            + struct.pack("=HHI", 8, 4, 1))
    return struct.pack("=IHHII", 16 + len(body), 24, 0x501, 7, 0) + body


def link():
    return struct.pack("=IHHIIBxHiII", 32, 19, 1, 8, 0, 0, 0, 1, 0, 0)


def mmsghdr(pieces, keep):
    table = b""
    for piece in pieces:
        buffer = ctypes.create_string_buffer(piece, len(piece))
        keep.append(buffer)
        table += struct.pack("=QQ", ctypes.addressof(buffer), len(piece))
    buffer = ctypes.create_string_buffer(table, len(table))
    keep.append(buffer)
    return struct.pack("=QIIQQQQIIII", 0, 0, 0, ctypes.addressof(buffer), len(pieces), 0, 0, 0, 0, 0, 0)


def pieces(sk):
    keep = []
    one = route()
    datagrams = [[link()], [one[:20], one[20:] + one], [link()]]
    headers = b"".join(mmsghdr(datagram, keep) for datagram in datagrams)
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.sendmmsg(sk.fileno(), ctypes.create_string_buffer(headers, len(headers)), 3, 0) != 3:
        raise OSError(ctypes.get_errno(), "sendmmsg")


def by_thread(sk):
    def run():
        print(threading.get_native_id(), flush=True)
        sk.send(route())

    thread = threading.Thread(target=run)
    thread.start()
    thread.join()


def by_child(sk):
    child = os.fork()
    if child == 0:
        print(os.getpid(), flush=True)
        sk.send(route())
        os._exit(0)
    os.waitpid(child, 0)


sk = opened()
kept = [sk]
print(threading.get_native_id(), flush=True)
for word in sys.argv[1:]:
    what, _, times = word.partition("*")
    if what == "thread":
        by_thread(sk)
    elif what == "fork":
        by_child(sk)
    elif what == "socket":
        sk = opened()
        kept.append(sk)
    elif what == "pieces":
        pieces(sk)
    elif what == "batch":
        sk.send(route() * int(times))
    else:
        for _ in range(int(times)):
            sk.send(route() if what == "route" else link())
