#!/bin/bash
# A router that sends real ICMP and ICMPv6 redirects, then forged ones for every answer a kernel has. Argument: scene.
# Prints `zone NAME INODE`, and `expected VERDICT REASON FAMILY DST AUTHOR GATEWAY HINT` for each redirect: REASON and
# HINT in words of enum rt_reason, HINT what the message alone tells. There may be no other.
# At the end, `route DST GATEWAY` of each.
scene=${1:-rtredir$$}
. "$(dirname "$0")/router.sh"
trap 'scene_down; ip netns del "$scene-b" 2>/dev/null' EXIT
scene_up
b=$scene-b
ip netns add "$b"; ip -n "$b" link set lo up
# The wire becomes a bridge in the router, the second gateway (10.9.1.3, fd09:1::3) a port of it.
ip -n "$r" link add br0 type bridge
ip -n "$r" link set br0 up
ip -n "$r" addr flush dev r0
ip -n "$r" link set r0 master br0
ip -n "$r" link add r2 type veth peer name b0 netns "$b"
ip -n "$r" link set r2 master br0
ip -n "$r" link set r2 up
ip -n "$r" addr add 10.9.1.1/24 dev br0
ip -n "$r" addr add fd09:1::1/64 dev br0 nodad
ip -n "$b" link set b0 up
ip -n "$b" addr add 10.9.1.3/24 dev b0
ip -n "$b" addr add fd09:1::3/64 dev b0 nodad
ip netns exec "$b" sysctl -qw net.ipv4.ip_forward=1 net.ipv6.conf.all.forwarding=1
ip -n "$r" route add 10.9.3.0/24 via 10.9.1.3
ip netns exec "$r" sysctl -qw net.ipv4.conf.all.send_redirects=1 net.ipv4.conf.br0.send_redirects=1
link_local() { ip -n "$1" -6 -o addr show dev "$2" scope link | sed 's/.*inet6 \([^/]*\).*/\1/'; }
until [ -n "$(link_local "$b" b0)" ] && [ -n "$(link_local "$r" br0)" ]; do sleep 0.1; done
sleep 1.5
ip -n "$r" -6 route add fd09:3::/64 via "$(link_local "$b" b0)" dev br0
ip -n "$h" route add default via 10.9.1.1
ip -n "$h" -6 route add default via "$(link_local "$r" br0)" dev h0
scene_zones "$b"
python3 "$(dirname "$0")/redirect.py" "$h" "$r" "$b" "$(link_local "$r" br0)" "$(link_local "$b" b0)"
