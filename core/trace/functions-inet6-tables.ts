/** IPv6: rules, tables, nexthops and routes made of them. */

import { rowMaker } from './function-row.js';
import type { FunctionRow } from './model.js';

const row = rowMaker('inet6', 'both');
const sent = rowMaker('inet6', 'output');

export const INET6_TABLES: readonly FunctionRow[] = [
  row(
    'fib6_rule_lookup',
    'net/ipv6/fib6_rules.c',
    'lookup',
    'Which tables are asked? While no rule was ever added: local, then main; else the rules decide (fib_rules_lookup). No answer gives ip6_null_entry.',
  ),
  row(
    'fib6_rule_match',
    'net/ipv6/fib6_rules.c',
    'step',
    "Compares a rule's selectors of IPv6 with the flow: source and destination prefix, DSCP, protocol and ports. 1 means it matches.",
  ),
  row(
    'fib6_rule_action',
    'net/ipv6/fib6_rules.c',
    'step',
    "Does what a matching rule says: looks into the rule's table, or answers with the entry for unreachable, prohibit or blackhole. EAGAIN: this table has no answer.",
  ),
  row(
    'fib6_rule_suppress',
    'net/ipv6/fib6_rules.c',
    'step',
    'May throw the found route away: when its prefix is no longer than suppress_prefixlength, or its interface is of suppress_ifgroup. Then the next rule is tried.',
  ),
  row(
    'fib6_get_table',
    'net/ipv6/ip6_fib.c',
    'step',
    "Finds a struct fib6_table by its number in the namespace's hash of tables. NULL: there is no such table.",
  ),
  sent(
    'ip6_pol_route_output',
    'net/ipv6/route.c',
    'lookup',
    "One table, for a packet sent: ip6_pol_route with the flow's output interface.",
  ),
  row(
    'ip6_pol_route',
    'net/ipv6/route.c',
    'lookup',
    'One table: finds the fib6_info (fib6_table_lookup), chooses a leg, reads the exceptions, and gives the rt6_info of this CPU, made now if there is none.',
  ),
  row(
    'fib6_table_lookup',
    'net/ipv6/route.c',
    'step',
    'Longest prefix match in one table: finds the deepest fitting node, chooses among its routes (rt6_select), and goes up the tree when none is usable. fib6_null_entry in the result: no route here.',
  ),
  row(
    'fib6_node_lookup',
    'net/ipv6/ip6_fib.c',
    'step',
    'Walks down the tree of fib6_node, one bit of the address after the other, and gives the deepest node that holds routes and whose prefix fits.',
  ),
  row(
    'fib6_backtrack',
    'net/ipv6/route.c',
    'step',
    'No route of the node was usable: goes up to the next node with routes, that is to a shorter prefix. NULL: the root is passed.',
  ),
  row(
    'rt6_select',
    'net/ipv6/route.c',
    'step',
    'Chooses among the routes of one node, beginning at its round-robin pointer (rr_ptr), which moves on when no router is known to be reachable.',
  ),
  row(
    'find_rr_leaf',
    'net/ipv6/route.c',
    'step',
    'Goes through the routes of one metric, from the round-robin pointer on and around; only if none is usable those of the next metric.',
  ),
  row(
    '__find_rr_leaf',
    'net/ipv6/route.c',
    'step',
    "Walks the node's list of fib6_info, passes over expired ones, and keeps the route with the best score so far in fib6_result.",
  ),
  row(
    'find_match',
    'net/ipv6/route.c',
    'step',
    'Is this fib6_nh usable, and better than the best so far? Dead ones are passed over; rt6_score_route gives the score.',
  ),
  row(
    'rt6_score_route',
    'net/ipv6/route.c',
    'step',
    'Scores a nexthop: the wanted interface, then the router preference (RFC 4191). Negative: wrong interface, or a gateway whose neighbour entry has failed.',
  ),
  row(
    'rt6_probe',
    'net/ipv6/route.c',
    'step',
    'Nothing to do without a gateway. One not known to be reachable is asked in the background whether it is there, at most once per router_probe_interval.',
  ),
  row(
    'fib6_select_path',
    'net/ipv6/route.c',
    'step',
    "Multipath: compares the flow's hash with fib_nh_upper_bound of the route and its fib6_siblings. A route of one leg, or one found by its interface, stays.",
  ),
  row(
    'rt6_multipath_hash',
    'net/ipv6/route.c',
    'step',
    'Makes 31 bits out of the flow, so that packets of one flow keep one leg. The sysctl fib_multipath_hash_policy says whether ports count too.',
  ),
  row(
    'rt6_find_cached_rt',
    'net/ipv6/route.c',
    'step',
    'Is there an exception of the nexthop for this destination: a redirect or a path MTU? Then its rt6_info is the answer. NULL: none.',
  ),
  row(
    '__rt6_find_exception_rcu',
    'net/ipv6/route.c',
    'step',
    "Looks the address up in the nexthop's hash of rt6_exception.",
  ),
  row(
    'rt6_get_pcpu_route',
    'net/ipv6/route.c',
    'step',
    'Takes the rt6_info this CPU keeps at the nexthop (rt6i_pcpu), if it is still valid.',
  ),
  row(
    'rt6_make_pcpu_route',
    'net/ipv6/route.c',
    'step',
    'This CPU has no rt6_info of the nexthop yet: makes one and keeps it there (rt6i_pcpu).',
  ),
  row(
    'ip6_rt_cache_alloc',
    'net/ipv6/route.c',
    'step',
    'Makes an rt6_info for one destination alone: for an exception, or for a flow that must keep its known nexthop.',
  ),
  row(
    'ip6_rt_copy_init',
    'net/ipv6/route.c',
    'step',
    'Fills a new rt6_info in from fib6_info and nexthop: prefix, gateway, flags, metrics, and where its packets go (dst.input, dst.output).',
  ),
  row(
    'ip6_hold_safe',
    'net/ipv6/route.c',
    'step',
    'Takes a reference to an rt6_info, unless its last one is just going; then ip6_null_entry, or NULL, stands for it.',
  ),
  row(
    'ip6_dst_alloc',
    'net/ipv6/route.c',
    'step',
    'Makes a new, empty rt6_info, which begins with a dst_entry.',
  ),
  row(
    'rt6_uncached_list_add',
    'net/ipv6/route.c',
    'step',
    'Remembers an rt6_info that no nexthop keeps in a list per CPU, so that it can be let go when its interface vanishes.',
  ),
];
