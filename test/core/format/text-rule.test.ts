import { describe, expect, test } from '@jest/globals';
import { ruleWords } from '../../../core/format/text-rule.js';

describe('a policy rule as text', () => {
  test.each([
    [
      { priority: 32765, src: '10.0.0.0/8', action: 'lookup', table: 100, tableName: '100' },
      '32765: from 10.0.0.0/8 lookup 100',
    ],
    [
      { action: 'lookup', table: 254, tableName: 'main', suppressPrefixLength: 0 },
      '0: from all lookup main suppress_prefixlength 0',
    ],
    [
      {
        priority: 9,
        not: true,
        dst: '2001:db8::/32',
        fwmark: 16,
        iif: 'eth0',
        dport: { start: 80, end: 90 },
        uidrange: { start: 7, end: 7 },
        action: 'blackhole',
      },
      '9: not from all to 2001:db8::/32 fwmark 0x10 iif eth0 uidrange 7 dport 80-90 blackhole',
    ],
    [{ priority: 5, l3mdev: true, action: 'lookup' }, '5: from all lookup [l3mdev-table]'],
    [{ priority: 5, action: 'goto', goto: 10 }, '5: from all goto 10'],
  ])('%j', (rule, text) => {
    expect(ruleWords(rule)).toBe(text);
  });

  test('a hostile interface name cannot act on a terminal', () => {
    expect(ruleWords({ iif: '\u001b[31mx', action: 'nop' })).toBe('0: from all iif \\x1b[31mx nop');
  });

  test('ranges that are none read as such, whatever a recording has in their place', () => {
    expect(ruleWords({ sport: null, dport: { start: '\u001b[31m', end: 9 }, action: 'nop' })).toBe(
      '0: from all sport ? dport \\x1b[31m-9 nop',
    );
  });
});
