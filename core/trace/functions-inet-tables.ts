/** IPv4: rules, tables, nexthops and routes made of them; the rules and what follows a route serve IPv6 as well. */

import { rowMaker } from './function-row.js';
import type { FunctionRow } from './model.js';

const row = rowMaker('inet', 'both');
const sent = rowMaker('inet', 'output');
const shared = rowMaker(null, 'both');

export const INET_TABLES: readonly FunctionRow[] = [
  row(
    'fib_lookup',
    'include/net/ip_fib.h',
    'lookup',
    'Inline. While no rule was ever added it asks the main table (the local one is merged into it), then default; else __fib_lookup goes through the rules.',
  ),
  row(
    '__fib_lookup',
    'net/ipv4/fib_rules.c',
    'lookup',
    'The lookup with rules: tells the flow its VRF (l3mdev_update_flow), then walks the rules (fib_rules_lookup). No rule with an answer means ENETUNREACH.',
  ),
  shared(
    'l3mdev_update_flow',
    'net/l3mdev/l3mdev.c',
    'step',
    'If an interface of the flow belongs to a VRF, its index goes into flowi_l3mdev, so that the l3mdev rule can match.',
  ),
  shared(
    'fib_rules_lookup',
    'net/core/fib_rules.c',
    'step',
    'Walks the rules of fib_rules_ops by preference. The first rule that matches and whose action gives an answer decides; EAGAIN means: try the next rule.',
  ),
  shared(
    'fib_rule_match',
    'net/core/fib_rules.c',
    'step',
    "Compares what rules of both families have in common: interfaces, mark, tunnel id, VRF, user. Then the family's own match is asked.",
  ),
  shared(
    'l3mdev_fib_rule_match',
    'net/l3mdev/l3mdev.c',
    'step',
    "The match of an l3mdev rule: does the flow belong to a VRF? If so, the VRF's own table is the one to look into.",
  ),
  row(
    'fib4_rule_match',
    'net/ipv4/fib_rules.c',
    'step',
    "Compares a rule's selectors of IPv4 with the flow: source and destination prefix, DSCP, protocol and ports. 1 means it matches.",
  ),
  row(
    'fib4_rule_action',
    'net/ipv4/fib_rules.c',
    'step',
    "Does what a matching rule says: looks into the rule's table, or refuses as unreachable, prohibit or blackhole. EAGAIN: this table has no answer.",
  ),
  row(
    'fib4_rule_suppress',
    'net/ipv4/fib_rules.c',
    'step',
    'May throw the found route away: when its prefix is no longer than suppress_prefixlength, or its interface is of suppress_ifgroup. Then the next rule is tried.',
  ),
  row(
    'fib_get_table',
    'net/ipv4/fib_frontend.c',
    'step',
    "Finds a struct fib_table by its number in the namespace's hash of tables. NULL: there is no such table.",
  ),
  row(
    'fib_table_lookup',
    'net/ipv4/fib_trie.c',
    'step',
    'Longest prefix match in one table: walks down the trie of key_vector nodes to a leaf, reads its fib_alias list, and backs up when nothing fits. Fills in fib_result; EAGAIN: no route here.',
  ),
  row(
    'fib_lookup_good_nhc',
    'net/ipv4/fib_trie.c',
    'step',
    'May this fib_nh_common be used? Not if it is dead, if its link is down and such routes are ignored, or if the flow demands another interface.',
  ),
  row(
    'fib_select_path',
    'net/ipv4/fib_semantics.c',
    'step',
    'Chooses among what the table offered: a leg of a multipath route by hash, or one of several default routes; then fills in the source address if there is none.',
  ),
  row(
    'fib_multipath_hash',
    'net/ipv4/route.c',
    'step',
    'Makes 31 bits out of the flow, so that packets of one flow keep one leg. The sysctl fib_multipath_hash_policy says whether ports count too.',
  ),
  row(
    'fib_select_multipath',
    'net/ipv4/fib_semantics.c',
    'step',
    "Takes the first usable leg of the fib_info whose nhc_upper_bound is not below the hash; the bounds follow from the legs' weights. A nexthop group chooses by itself.",
  ),
  row(
    'fib_select_default',
    'net/ipv4/fib_semantics.c',
    'step',
    'Several default routes of the same priority: skips those whose gateway seems dead (fib_detect_death).',
  ),
  row(
    'fib_detect_death',
    'net/ipv4/fib_semantics.c',
    'step',
    "Reads the neighbour entry of a default route's gateway. 0: it lives, this route is taken. 1: look on.",
  ),
  row(
    'fib_result_prefsrc',
    'net/ipv4/fib_semantics.c',
    'step',
    "The source address the route wants: fib_prefsrc of the fib_info if set, else one of the nexthop's interface, which the nexthop remembers.",
  ),
  row(
    'inet_select_addr',
    'net/ipv4/devinet.c',
    'step',
    "Picks a source address among an interface's primary ones: of fitting scope, best in the destination's subnet; if it has none, other interfaces are asked.",
  ),
  sent(
    '__mkroute_output',
    'net/ipv4/route.c',
    'step',
    'Makes the rtable for a packet sent. Reads the exceptions of the nexthop, takes the route cached there (nhc_pcpu_rth_output) if valid, else makes a new one.',
  ),
  row(
    'find_exception',
    'net/ipv4/route.c',
    'step',
    'Looks the destination up in the hash of fib_nh_exception of the nexthop: there redirects and path MTUs are kept, apart from the tables. NULL: none.',
  ),
  row(
    'rt_cache_valid',
    'net/ipv4/route.c',
    'step',
    'Inline: may the cached rtable be used? Its rt_genid must still be the one of the namespace.',
  ),
  row(
    'rt_dst_alloc',
    'net/ipv4/route.c',
    'step',
    'Makes a new rtable, which begins with a dst_entry, and sets where its packets go: local ones to ip_local_deliver, others out by ip_output.',
  ),
  shared(
    'dst_alloc',
    'net/core/dst.c',
    'step',
    'Takes the memory of a dst_entry, the head of every route object of either family, and fills in what both have in common.',
  ),
  row(
    'rt_set_nexthop',
    'net/ipv4/route.c',
    'step',
    'Copies gateway and metrics of the nexthop into the new rtable, then tries to keep it there for the next lookup.',
  ),
  row(
    'rt_bind_exception',
    'net/ipv4/route.c',
    'step',
    'Joins a new rtable to the exception of its destination: gateway and MTU of the exception replace those of the nexthop.',
  ),
  row(
    'rt_cache_route',
    'net/ipv4/route.c',
    'step',
    "Puts the rtable into its nexthop's cache: one slot per CPU for packets sent, one for packets received. False when another lookup was faster.",
  ),
  row(
    'rt_add_uncached_list',
    'net/ipv4/route.c',
    'step',
    'Remembers an rtable that no nexthop caches in a list per CPU, so that it can be let go when its interface vanishes.',
  ),
  shared(
    'xfrm_lookup_route',
    'net/xfrm/xfrm_policy.c',
    'step',
    'Asks the IPsec policies about a found route. Without a policy for the flow the same route comes back.',
  ),
];
