"""Traffic from inside a namespace: one JSON request a line on stdin, one JSON answer a line on stdout."""
import fcntl, json, socket, struct, subprocess, sys, threading

held = {}
kept = []


def family(to):
    return socket.AF_INET6 if ":" in to else socket.AF_INET


def made(ask, kind):
    s = socket.socket(family(ask["to"]), kind)
    if "dev" in ask:
        s.setsockopt(socket.SOL_SOCKET, socket.SO_BINDTODEVICE, ask["dev"].encode())
    return s


def tried(work):
    try:
        work()
        return {"errno": 0}
    except OSError as error:
        return {"errno": error.errno}


def udp(ask):
    # A redirect is only taken where the socket that sent the packet still is.
    s = made(ask, socket.SOCK_DGRAM)
    kept.append(s)

    def send():
        for _ in range(ask.get("times", 1)):
            s.sendto(b"x", (ask["to"], ask["port"]))

    return tried(send)


def connect(ask):
    s = made(ask, socket.SOCK_DGRAM if ask["kind"] == "udp" else socket.SOCK_STREAM)
    answer = tried(lambda: s.connect((ask["to"], ask["port"])))
    s.close()
    return answer


def hold(ask):
    s = socket.create_connection((ask["to"], ask["port"]))
    s.sendall(b"x")
    held[ask["id"]] = s
    return {"sport": s.getsockname()[1]}


def send(ask):
    held[ask["id"]].send(b"y")
    return {}


def start(ask):
    s = made(ask, socket.SOCK_STREAM)
    s.setblocking(False)
    s.connect_ex((ask["to"], ask["port"]))
    held[ask["id"]] = s
    return {"sport": s.getsockname()[1]}


def drop(ask):
    # Closed with RST: nothing is sent again.
    s = held.pop(ask["id"])
    s.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    s.close()
    return {}


def serve(ask):
    server = socket.create_server(
        ("::", ask["port"]), family=socket.AF_INET6, dualstack_ipv6=True, backlog=256
    )

    def drain(connection):
        try:
            while connection.recv(4096):
                pass
        except OSError:
            pass

    def accept():
        while True:
            connection = server.accept()[0]
            if ask.get("drain"):
                threading.Thread(target=drain, args=(connection,), daemon=True).start()
            else:
                connection.close()

    threading.Thread(target=accept, daemon=True).start()
    return {}


def many(ask):
    done = 0
    for _ in range(ask["count"]):
        s = socket.socket(family(ask["to"]), socket.SOCK_STREAM)
        s.connect((ask["to"], ask["port"]))
        s.close()
        done += 1
    return {"done": done}


def ioctl_route(ask):
    """struct rtentry of net/route.h through SIOCADDRT: a /16 through a gateway."""
    address = lambda text: struct.pack("=HH4s8x", socket.AF_INET, 0, socket.inet_aton(text))
    addresses = address(ask["dst"]) + address(ask["via"]) + address("255.255.0.0")
    flags = 3  # RTF_UP | RTF_GATEWAY
    entry = struct.pack("@L", 0) + addresses + struct.pack("@HhLPhPLLH6x", flags, 0, 0, 0, 1, 0, 0, 0, 0)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
        return tried(lambda: fcntl.ioctl(s, 0x890B, entry))


def run(ask):
    """Starting a process from here is far cheaper than from Node."""
    process = subprocess.Popen(ask["words"].split(), stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    output = process.communicate()[0].decode()
    return {"pid": process.pid, "code": process.returncode, "output": output}


OPERATIONS = {
    "run": run,
    "udp": udp,
    "connect": connect,
    "hold": hold,
    "send": send,
    "start": start,
    "drop": drop,
    "serve": serve,
    "many": many,
    "ioctl": ioctl_route,
}

print("{}", flush=True)
for line in sys.stdin:
    ask = json.loads(line)
    print(json.dumps(OPERATIONS[ask["op"]](ask)), flush=True)
