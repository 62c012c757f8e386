#!/bin/bash
# Lookups without a route, and lookups that must not count.
# Prints `zone NAME INODE`, and `expected ZONE DIRECTION DST PORT TABLE PROCESS` for each record there must be (PROCESS:
# yes or no; TABLE 0: not to be compared); there may be no other. With a second argument `exact` it also plays what
# only the exact tiers see, or tell from a miss.
scene=${1:-rtmiss$$}
. "$(dirname "$0")/router.sh"
trap scene_down EXIT
scene_up
scene_zones

# KIND[,src=ADDRESS][,mark=N][,dev=NAME] DST PORT, as often as there is
sends() {
  ip netns exec "$1" python3 -c '
import socket,sys
args=sys.argv[1:]
while args:
  kind,to,port=args[:3]; args=args[3:]
  how,*options=kind.split(",")
  options=dict(option.split("=") for option in options)
  s=socket.socket(socket.AF_INET6 if ":" in to else socket.AF_INET,socket.SOCK_STREAM if how=="tcp" else socket.SOCK_DGRAM)
  s.settimeout(1)
  if "mark" in options: s.setsockopt(socket.SOL_SOCKET,36,int(options["mark"]))
  if "dev" in options: s.setsockopt(socket.SOL_SOCKET,25,options["dev"].encode())
  try:
    if "src" in options: s.setsockopt(0,15,1); s.bind((options["src"],0))
    s.sendto(b"x",(to,int(port))) if how=="send" else s.connect((to,int(port)))
  except OSError: pass' "${@:2}"
}

echo 'expected h output 203.0.113.1 81 254 yes'
echo 'expected h output 203.0.113.2 82 254 yes'
echo 'expected h output 203.0.113.3 83 254 yes'
echo 'expected h output 203.0.113.4 84 254 yes'
echo 'expected h output 2001:db8::1 81 254 yes'
echo 'expected h output 2001:db8::2 82 254 yes'
echo 'expected h output 2001:db8::3 83 254 yes'
sends "$h" tcp 203.0.113.1 81 udp 203.0.113.2 82 send 203.0.113.3 83 send,src=10.9.1.2 203.0.113.4 84 \
  tcp 2001:db8::1 81 udp 2001:db8::2 82 send 2001:db8::3 83

echo 'forbidden 203.0.113.9, 2001:db8::9: a query'
ip -n "$h" route get 203.0.113.9 2>/dev/null
ip -n "$h" -6 route get 2001:db8::9 2>/dev/null
echo 'forbidden 203.0.113.10: a source address that is not ours; 203.0.113.11: an interface is given, it is on link'
sends "$h" send,src=192.0.2.99 203.0.113.10 90 send,dev=h0 203.0.113.11 91
echo 'forbidden 198.51.100.0/24, 2001:db8:2::/48: reject routes'
ip -n "$h" route add unreachable 198.51.100.0/26
ip -n "$h" route add blackhole 198.51.100.64/26
ip -n "$h" route add prohibit 198.51.100.128/26
ip -n "$h" -6 route add unreachable 2001:db8:2::/48
sends "$h" send 198.51.100.1 84 send 198.51.100.65 84 send 198.51.100.129 84 send 2001:db8:2::1 84
echo 'forbidden 10.9.1.1, fd09:1::1, 127.0.0.1: found, without rules and with them'
found=(send 10.9.1.1 85 send fd09:1::1 85 send 127.0.0.1 85 tcp 10.9.1.1 86 tcp fd09:1::1 86)
sends "$h" "${found[@]}"
ip -n "$h" rule add pref 100 fwmark 7 lookup 100
ip -n "$h" -6 rule add pref 100 fwmark 7 lookup 100
sends "$h" "${found[@]}"

# Without a default table the last one asked is main; who knows the rules names the last rule's table, there or not.
echo 'expected h output 203.0.113.5 87 0 yes'
echo 'expected h output 2001:db8::5 87 0 yes'
sends "$h" send 203.0.113.5 87 send 2001:db8::5 87
if [ "$2" = exact ]; then
  echo 'forbidden 203.0.113.12, 2001:db8::12: rules that reject'
  n=20
  for action in unreachable prohibit blackhole; do
    n=$((n + 1))
    ip -n "$h" rule add pref $n fwmark $n $action
    ip -n "$h" -6 rule add pref $n fwmark $n $action
    sends "$h" send,mark=$n 203.0.113.12 92 send,mark=$n 2001:db8::12 92
  done
  ip -n "$r" rule add pref 80 to 203.0.113.13 unreachable
  ip -n "$r" -6 rule add pref 80 to 2001:db8::13 unreachable
fi

ip -n "$h" route add default via 10.9.1.1
ip -n "$h" -6 route add default via fd09:1::1
[ "$2" = exact ] && sends "$h" send 203.0.113.13 93 send 2001:db8::13 93
echo 'expected r forward 203.0.113.6 88 0 no'
echo 'expected r forward 2001:db8::6 88 0 no'
sends "$h" send 203.0.113.6 88 send 2001:db8::6 88
echo 'forbidden: forward to reject routes'
ip -n "$r" route add unreachable 198.51.100.192/26
ip -n "$r" -6 route add unreachable 2001:db8:3::/48
ip -n "$r" -6 route add prohibit 2001:db8:4::/48
sends "$h" send 198.51.100.193 89 send 2001:db8:3::1 89 send 2001:db8:4::1 89
echo 'forbidden 10.9.2.2, fd09:2::2: source validation drops; forwarded'
ip netns exec "$r" sysctl -qw net.ipv4.conf.all.rp_filter=1 net.ipv4.conf.r0.rp_filter=1
ip -n "$h" addr add 192.0.2.77/32 dev lo
sends "$h" send,src=192.0.2.77 10.9.2.2 90 send 10.9.2.2 91 send fd09:2::2 91
sleep 0.2
if [ "$2" = exact ]; then
  echo 'expected f output 10.9.1.2 0 254 no'
  echo 'expected f output fd09:1::2 0 254 no'
  ip -n "$f" route del default
  ip -n "$f" -6 route del default
  ip netns exec "$h" ping -c 1 -W 1 10.9.2.2 >/dev/null
  ip netns exec "$h" ping -6 -c 1 -W 1 fd09:2::2 >/dev/null
fi
sleep 0.3
