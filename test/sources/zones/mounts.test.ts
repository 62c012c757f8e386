import { describe, expect, test } from '@jest/globals';
import { netnsMountsIn } from '../../../sources/zones/mounts.js';

describe('mountinfo', () => {
  test('gives the mounted network namespaces and nothing else', () => {
    const text = [
      '26 1 254:0 / / rw,relatime shared:1 - ext4 /dev/vda rw',
      '40 26 0:4 net:[4026532281] /run/netns/blue rw shared:12 - nsfs nsfs rw',
      '41 26 0:4 net:[4026532282] /run/netns/no\\040\\134option rw - nsfs nsfs rw',
      '42 26 0:4 mnt:[4026532283] /run/snapd/ns/x.mnt rw shared:2 master:1 - nsfs nsfs rw',
      '43 26 0:5 net:[4026532284] /tmp/fake rw - tmpfs nsfs rw',
      '',
    ].join('\n');
    expect(netnsMountsIn(text)).toEqual([
      { id: 4026532281, path: '/run/netns/blue' },
      { id: 4026532282, path: '/run/netns/no \\option' },
    ]);
  });
});
