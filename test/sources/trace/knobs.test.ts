import { expect, test } from '@jest/globals';
import { filterKnobs } from '../../../sources/trace/knobs.js';

const numbers = (knobs: Readonly<Record<string, Uint8Array>>): Readonly<Record<string, unknown>> =>
  Object.fromEntries(
    Object.entries(knobs).map(([name, bytes]) => [
      name,
      bytes.length === 4 ? new Uint32Array(bytes.slice().buffer)[0] : [...bytes],
    ]),
  );

test('filters are told to the programs as they keep addresses', () => {
  const none = Array.from({ length: 16 }, () => 0);
  expect(numbers(filterKnobs({}, 77))).toEqual({
    own_tgid: 77,
    only_netns: 0,
    only_tgid: 0,
    is_following: 0,
    filter_family: 0,
    filter_dst: none,
    filter_dst_len: 0,
    filter_has_dst: 0,
    filter_src: none,
    filter_src_len: 0,
    filter_has_src: 0,
  });
  const address = Uint8Array.of(10, 0, 0, 1);
  const wide = Uint8Array.from({ length: 16 }, (_, at) => at + 1);
  expect(
    numbers(
      filterKnobs(
        { dst: { address, length: 24 }, netns: 4026531840, pid: 5, isFollowing: true },
        0,
      ),
    ),
  ).toMatchObject({
    only_netns: 4026531840,
    only_tgid: 5,
    is_following: 1,
    filter_family: 2,
    filter_dst: [10, 0, 0, 1, ...none.slice(4)],
    filter_dst_len: 24,
    filter_has_dst: 1,
    filter_has_src: 0,
  });
  expect(numbers(filterKnobs({ src: { address: wide, length: 0 } }, 0))).toMatchObject({
    filter_family: 10,
    filter_src: [...wide],
    filter_src_len: 0,
    filter_has_src: 1,
    filter_has_dst: 0,
  });
});
