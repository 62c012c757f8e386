import { readdirSync, readFileSync, readlinkSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';

/** Debian's /bin, /sbin, /lib and /lib64 are links into /usr. */
const MERGED = /^\/(bin|sbin|lib|lib64)(?=\/)/;

const seconds = (stat) => Math.floor(stat.mtimeMs / 1000);

/** What goes into a root file system: guest path → entry of an archive. */
export class Tree {
  #entries = new Map();

  #parents(path) {
    const parent = dirname(path);
    if (parent === '/' || this.#entries.has(parent)) return;
    this.#parents(parent);
    this.#entries.set(parent, { type: 'directory', mode: 0o755 });
  }

  #set(path, entry) {
    const merged = path.replace(MERGED, '/usr/$1');
    this.#parents(merged);
    this.#entries.set(merged, entry);
  }

  folder(path, mode = 0o755) {
    this.#set(path, { type: 'directory', mode });
  }

  text(path, text, mode = 0o644) {
    this.#set(path, { type: 'file', mode, data: Buffer.from(text) });
  }

  link(path, target) {
    this.#set(path, { type: 'link', mode: 0o777, data: Buffer.from(target) });
  }

  /** The bytes are read when the archive is written; a link of the host becomes the file it leads to. */
  file(hostPath, path = hostPath, read = readFileSync) {
    const stat = statSync(hostPath);
    const data = () => read(hostPath);
    const entry = { type: 'file', mode: stat.mode & 0o777, mtimeS: seconds(stat), data };
    this.#set(path, { ...entry, source: hostPath, size: stat.size });
  }

  /** A file, or a folder with all in it that `keeps` (host path) wants. */
  copy(hostPath, path = hostPath, keeps = () => true) {
    if (!statSync(hostPath).isDirectory()) {
      this.file(hostPath, path);
      return;
    }
    this.folder(path);
    for (const item of readdirSync(hostPath, { withFileTypes: true })) {
      const from = join(hostPath, item.name);
      const to = join(path, item.name);
      if (!keeps(from)) continue;
      if (item.isSymbolicLink()) this.link(to, readlinkSync(from));
      else if (item.isDirectory() || item.isFile()) this.copy(from, to, keeps);
    }
  }

  has(path) {
    return this.#entries.has(path.replace(MERGED, '/usr/$1'));
  }

  /** Entries as cpio.js takes them, folders first. */
  entries() {
    return [...this.#entries.keys()].sort().map((path) => ({
      ...this.#entries.get(path),
      name: path.slice(1),
    }));
  }
}
