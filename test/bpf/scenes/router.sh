#!/bin/bash
# A host, a router and a far host: three namespaces, two wires. Source it with a unique $scene set, then `scene_up`.
#   $h (10.9.1.2, fd09:1::2) -- $r (10.9.1.1 | 10.9.2.1, fd09:1::1 | fd09:2::1) -- $f (10.9.2.2, fd09:2::2)
h=$scene-h r=$scene-r f=$scene-f

scene_up() {
  local ns
  for ns in "$h" "$r" "$f"; do
    ip netns add "$ns"
    ip -n "$ns" link set lo up
    ip netns exec "$ns" sysctl -qw net.ipv6.conf.default.accept_dad=0 net.ipv6.conf.all.accept_dad=0
  done
  ip -n "$h" link add h0 type veth peer name r0 netns "$r"
  ip -n "$f" link add f0 type veth peer name r1 netns "$r"
  ip -n "$h" addr add 10.9.1.2/24 dev h0
  ip -n "$h" addr add fd09:1::2/64 dev h0 nodad
  ip -n "$r" addr add 10.9.1.1/24 dev r0
  ip -n "$r" addr add fd09:1::1/64 dev r0 nodad
  ip -n "$r" addr add 10.9.2.1/24 dev r1
  ip -n "$r" addr add fd09:2::1/64 dev r1 nodad
  ip -n "$f" addr add 10.9.2.2/24 dev f0
  ip -n "$f" addr add fd09:2::2/64 dev f0 nodad
  ip -n "$h" link set h0 up
  ip -n "$r" link set r0 up
  ip -n "$r" link set r1 up
  ip -n "$f" link set f0 up
  ip netns exec "$r" sysctl -qw net.ipv4.ip_forward=1 net.ipv6.conf.all.forwarding=1
  ip -n "$f" route add default via 10.9.2.1
  ip -n "$f" -6 route add default via fd09:2::1
}

# Who is who in the records.
scene_zones() {
  local ns
  for ns in "$@" "$h" "$r" "$f"; do echo "zone ${ns##*-} $(stat -L -c %i "/run/netns/$ns")"; done
}

scene_down() {
  local ns
  for ns in "$h" "$r" "$f"; do ip netns del "$ns" 2>/dev/null; done
}
