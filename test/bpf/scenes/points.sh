#!/bin/sh
# points.sh NAME: namespaces NAME-a (two links) - NAME-r (forwards) - NAME-b, IPv4 and IPv6. Gone with the namespaces.
set -e
n=$1
for zone in a r b; do
	ip netns add "$n-$zone"
	ip -n "$n-$zone" link set lo up
done
ip -n "$n-a" link add v0 type veth peer name w0 netns "$n-r"
ip -n "$n-a" link add v1 type veth peer name w1 netns "$n-r"
ip -n "$n-r" link add u0 type veth peer name b0 netns "$n-b"

link() {
	ip netns exec "$n-$1" sysctl -qw "net.ipv6.conf.$2.accept_dad=0" "net.ipv6.conf.$2.router_solicitations=0"
	ip -n "$n-$1" link set "$2" up
	ip -n "$n-$1" addr add "$3/24" dev "$2"
	ip -n "$n-$1" addr add "$4/64" dev "$2" nodad
}
link a v0 10.0.0.1 fd00::1
link r w0 10.0.0.2 fd00::2
link a v1 10.0.1.1 fd01::1
link r w1 10.0.1.2 fd01::2
link r u0 10.9.0.1 fd09::1
link b b0 10.9.0.2 fd09::2
ip netns exec "$n-r" sysctl -qw net.ipv4.ip_forward=1 net.ipv6.conf.all.forwarding=1

ip -n "$n-a" route add 10.9.0.0/24 via 10.0.0.2
ip -n "$n-a" route add fd09::/64 via fd00::2
ip -n "$n-a" route add 10.77.0.0/16 nexthop via 10.0.0.2 nexthop via 10.0.1.2
ip -n "$n-a" route add fd77::/64 nexthop via fd00::2 nexthop via fd01::2
ip -n "$n-a" route add unreachable 10.88.0.0/16
ip -n "$n-a" route add unreachable fd88::/64
ip -n "$n-a" rule add pref 100 to 10.44.0.0/16 lookup 100
ip -n "$n-a" -6 rule add pref 100 to fd44::/64 lookup 100
ip -n "$n-a" route add table 100 10.44.0.0/16 via 10.0.1.2
ip -n "$n-a" route add table 100 fd44::/64 via fd01::2
ip -n "$n-a" rule add pref 110 to 10.46.0.0/16 prohibit
ip -n "$n-a" -6 rule add pref 110 to fd46::/64 prohibit
