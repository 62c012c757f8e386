#!/bin/bash
# IPv4 routes that leave their table: silently, and announced.
scene=${1:-rtrem$$}
trap 'ip netns del "$scene" 2>/dev/null' EXIT
ip netns add "$scene"
ip -n "$scene" link set lo up
for device in d0 d1 d2 d3; do
  ip -n "$scene" link add "$device" type dummy
  ip -n "$scene" link set "$device" up
done
for number in 0 1 2 3; do ip -n "$scene" addr add "10.10.$number.1/24" dev "d$number"; done
ip -n "$scene" addr add 10.11.1.1/32 dev d1

echo 'forbidden: deleted, replaced and announced removals'
ip -n "$scene" route add 10.40.0.0/24 via 10.10.0.2
ip -n "$scene" route replace 10.40.0.0/24 via 10.10.0.3
ip -n "$scene" route del 10.40.0.0/24
ip -n "$scene" route add 10.41.0.0/24 dev d0 src 10.11.1.1
ip -n "$scene" addr del 10.11.1.1/32 dev d1

echo 'expected: link down, by ip: 10.42.0.0/24 metric 7, 10.43.0.0/25 tos 0x10 table 99, 10.10.0.0/24'
ip -n "$scene" route add 10.42.0.0/24 via 10.10.0.2 metric 7
ip -n "$scene" route add 10.43.0.0/25 tos 0x10 via 10.10.0.2 table 99
ip -n "$scene" link set d0 down
echo 'expected: address removed, by ip: 10.44.0.0/24'
ip -n "$scene" route add 10.44.0.0/24 via 10.10.1.2
ip -n "$scene" addr del 10.10.1.1/24 dev d1
echo 'expected: nexthop removed, by ip: 10.45.0.0/24'
ip -n "$scene" nexthop add id 5 via 10.10.2.2 dev d2
ip -n "$scene" route add 10.45.0.0/24 nhid 5
ip -n "$scene" nexthop del id 5
echo 'expected: device removed, by ip: 10.46.0.0/24'
ip -n "$scene" route add 10.46.0.0/24 via 10.10.2.2
ip -n "$scene" link del d2
echo 'expected: namespace gone, by no process: 10.47.0.0/24'
ip -n "$scene" route add 10.47.0.0/24 via 10.10.3.2
ip netns del "$scene"
sleep 1
