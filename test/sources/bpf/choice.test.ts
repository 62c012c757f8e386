import { describe, expect, test } from '@jest/globals';
import { PROBES } from '../../../core/event.js';
import { BPF_CHOICES, mechanismsOf, objectsFor } from '../../../sources/bpf/choice.js';

describe('what is loaded', () => {
  test.each([
    [['miss'], ['miss']],
    [
      ['losing', 'redirect'],
      ['losing', 'redirect'],
    ],
    [['add'], ['request', 'removed']],
    [
      ['change', 'delete'],
      ['request', 'removed'],
    ],
    [PROBES, ['miss', 'losing', 'redirect', 'request', 'removed']],
    [[], []],
  ] as const)('for %j are the objects %j', (probes, objects) => {
    expect(objectsFor(probes)).toEqual(objects);
  });

  test('a choice lets all mechanisms be tried, none, or the one it names', () => {
    expect(BPF_CHOICES.map((choice) => mechanismsOf(choice).join(' '))).toEqual([
      'fentry kprobe tracepoint',
      'fentry kprobe tracepoint',
      '',
      'fentry',
      'kprobe',
      'tracepoint',
    ]);
  });
});
