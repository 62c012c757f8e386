/**
 * The archive a kernel unpacks as its first root: cpio "newc" (Documentation/driver-api/early-userspace/buffer-format.rst).
 * Archives may stand one after the other in one file; a later entry replaces an earlier one of the same name.
 */

const TYPE = { file: 0o100000, directory: 0o040000, link: 0o120000 };
const TRAILER = 'TRAILER!!!';

const hex = (number) => number.toString(16).padStart(8, '0');

const padding = (length) => Buffer.alloc((4 - (length % 4)) % 4);

function header({ inode, mode, links, mtimeS, size, name }) {
  const fields = [
    inode,
    mode,
    0,
    0,
    links,
    mtimeS,
    size,
    0,
    0,
    0,
    0,
    Buffer.byteLength(name) + 1,
    0,
  ];
  const head = Buffer.from(`070701${fields.map(hex).join('')}${name}\0`);
  return Buffer.concat([head, padding(head.length)]);
}

/**
 * Yields the bytes of an archive of `entries`: { name, type, mode, mtimeS, data }, `data` a Buffer or a function
 * that returns one (so that only one file is in memory at a time). Folders must stand before what they hold.
 */
export function* cpioBytes(entries) {
  let inode = 0;
  for (const { name, type, mode = 0o755, mtimeS = 0, data } of entries) {
    inode += 1;
    const bytes = typeof data === 'function' ? data() : (data ?? Buffer.alloc(0));
    const links = type === 'directory' ? 2 : 1;
    yield header({ inode, mode: TYPE[type] | mode, links, mtimeS, size: bytes.length, name });
    yield bytes;
    yield padding(bytes.length);
  }
  yield header({ inode: 0, mode: 0, links: 1, mtimeS: 0, size: 0, name: TRAILER });
}
