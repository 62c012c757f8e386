import { describe, expect, test } from '@jest/globals';
import { inodeOfPort } from '../../../sources/procfs/netlink-table.js';

const TABLE = `sk               Eth Pid        Groups   Rmem     Wmem     Dump  Locks    Drops    Inode
00000000b6d958f1 0   2709115235 00000000 0        0        0     2        0        30376
00000000d75c28e2 0   0          00000000 0        0        0     2        0        4
000000008532143e 16  6423       00000000 0        0        0     2        0        30370
000000008532143e 0   6423       00000551 0        0        0     2        7        30375
000000008532143e 0   1          00000551 0        0        0     2        7        4294967295
`;

describe('the netlink table', () => {
  test.each([
    [6423, 30375],
    [2709115235, 30376],
    [1, 4294967295],
  ])('leads from port id %d to inode %d', (portid, inode) => {
    expect(inodeOfPort(TABLE, portid)).toBe(inode);
  });

  test.each([[642], [30375], [16]])('does not know port id %d', (portid) => {
    expect(inodeOfPort(TABLE, portid)).toBeNull();
  });

  test.each(['', '\n\n', '0 0 6423', 'a b c d e f g h i j', 'x 0 6423 0 0 0 0 0 0 NaN'])(
    'reads nothing out of %j',
    (text) => {
      expect(inodeOfPort(text, 6423)).toBeNull();
    },
  );
});
