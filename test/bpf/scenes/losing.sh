#!/bin/bash
# Connections cut off, neighbours that do not answer, and traffic that must not count. Arguments: scene, connections;
# or scene, `scan`, neighbours: so many addresses of the wire that nobody answers for.
# Prints `zone NAME INODE`, and a line `expected …` for each record there must be; there may be no other.
scene=${1:-rtlose$$}
. "$(dirname "$0")/router.sh"
trap 'kill $server 2>/dev/null; scene_down' EXIT
scene_up
ip -n "$h" route add default via 10.9.1.1
ip -n "$h" -6 route add default via fd09:1::1
ip -n "$h" route add 10.9.4.0/24 via 10.9.1.77
ip -n "$h" -6 route add fd09:4::/64 via fd09:1::77
scene_zones
if [ "$2" = scan ]; then
  ip netns exec "$h" python3 -c '
import socket,sys,time
s=socket.socket(socket.AF_INET,socket.SOCK_DGRAM)
for i in range(int(sys.argv[1])): s.sendto(b"x",(f"10.9.1.{100+i}",9))
time.sleep(5)' "$3"
  exit
fi
ip netns exec "$f" python3 -c '
import socket,struct,threading,time
def serve(c):
  c.setsockopt(socket.SOL_SOCKET,socket.SO_LINGER,struct.pack("ii",1,0))
  try:
    while ask := c.recv(1):
      if ask == b"e": c.send(b"e")
      if ask == b"l": c.send(b"k"); time.sleep(3); c.send(b"l")
  except OSError: pass
s=socket.create_server(("::",7000),family=socket.AF_INET6,dualstack_ipv6=True,backlog=512)
q=socket.create_server(("::",7001),family=socket.AF_INET6,dualstack_ipv6=True,backlog=512)
def hang_up():
  while True: q.accept()[0].close()
threading.Thread(target=hang_up,daemon=True).start()
while True: threading.Thread(target=serve,args=(s.accept()[0],),daemon=True).start()' &
server=$!
for _ in {1..100}; do
  ip netns exec "$f" ss -Hltn | grep -q :7001 && break
  sleep 0.1
done
ip netns exec "$h" python3 -c '
import socket,struct,subprocess,sys,threading,time
router,count=sys.argv[1],int(sys.argv[2])
V4,V6="10.9.2.2","fd09:2::2"
SO_CNX_ADVICE=53
def holes(what,*targets):
  for to in targets: subprocess.run(["ip","-n",router,"route",what,"blackhole",to],check=True)
# No FIN at the end that would be retransmitted in its turn.
def abort(c): c.setsockopt(socket.SOL_SOCKET,socket.SO_LINGER,struct.pack("ii",1,0))
def connect(to):
  c=socket.create_connection((to,7000)); c.setsockopt(socket.IPPROTO_TCP,socket.TCP_NODELAY,1); abort(c); return c
def expect(what,family,c,direction):
  print("expected",what,family,c.getsockname()[1],direction,flush=True)

for i in range(count):
  c=socket.create_connection((V6 if i%2 else V4,7001)); c.recv(1); abort(c); c.close()
print("forbidden: the",count,"connections so far",flush=True)

a,b=connect(V4),connect(V6)
for c in (a,b):
  c.setsockopt(socket.SOL_SOCKET,SO_CNX_ADVICE,1); c.send(b"e"); c.recv(1)
holes("add",V4,V6)
for c in (a,b): c.send(b"e")
time.sleep(1)
for c in (a,b): c.setsockopt(socket.SOL_SOCKET,SO_CNX_ADVICE,1)
holes("del",V4,V6)
for c in (a,b): c.recv(1)
print("forbidden: advice by setsockopt, and a stall of a second",flush=True)

late=[connect(V4),connect(V6)]
for c in late: c.send(b"l"); c.recv(1)
time.sleep(0.3)
holes("add",V4,V6,"10.9.1.2","fd09:1::2")
for c,family in ((a,"inet"),(b,"inet6")): expect("tcp",family,c,"output"); c.send(b"e")
for c,family in zip(late,("inet","inet6")): expect("tcp",family,c,"input")
def syn(to,family):
  s=socket.socket(socket.AF_INET6 if ":" in to else socket.AF_INET); s.bind(("",0)); s.settimeout(6)
  expect("syn",family,s,"output")
  # Only here is more than one thread: what they print would mix.
  def connect():
    try: s.connect((to,7000))
    except OSError: pass
  return threading.Thread(target=connect)
threads=[syn(V4,"inet"),syn(V6,"inet6")]
for one in threads: one.start()
for to,family,gateway in (("10.9.4.1","inet","10.9.1.77"),("fd09:4::1","inet6","fd09:1::77")):
  print("expected neighbour",family,gateway,flush=True)
  socket.socket(socket.AF_INET6 if ":" in to else socket.AF_INET,socket.SOCK_DGRAM).sendto(b"x",(to,9))
time.sleep(10)' "$r" "${2:-10000}"
