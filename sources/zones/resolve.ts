import { statSync } from 'node:fs';
import { RoutetapError, usageError } from '../../core/errors.js';
import { escapeText } from '../../core/format/escape.js';
import { readLink } from '../procfs/proc.js';
import { listZones, selfZone } from './list.js';
import { netnsMounts } from './mounts.js';
import type { FoundZone } from './zone.js';

/** Names shown in an error. */
const SHOWN_NAMES = 10;

/**
 * The zone a user means: `self`, a name (of /run/netns, a unit, a container, whose id may be given in full or
 * cut to 12 digits), the path of a namespace file, or an inode number.
 * Throws a usage error that names what exists, or a privilege error when the path can't be looked at.
 */
export function resolveZone(wanted: string): FoundZone {
  if (wanted === 'self') return selfZone();
  if (wanted.includes('/')) return zoneAt(wanted);
  const zones = listZones();
  const shortId = /^[0-9a-f]{12,64}$/.test(wanted) ? wanted.slice(0, 12) : null;
  const found =
    zones.find((zone) => zone.name === wanted) ??
    zones.find((zone) => shortId !== null && zone.name === shortId) ??
    zones.find((zone) => String(zone.id) === wanted);
  if (found !== undefined) return found;
  const names = zones.flatMap((zone) => (zone.name === null ? [] : [escapeText(zone.name)])).sort();
  const more = names.length > SHOWN_NAMES ? `, and ${names.length - SHOWN_NAMES} more` : '';
  const choice =
    names.length === 0
      ? 'none has a name here'
      : `one of ${names.slice(0, SHOWN_NAMES).join(', ')}${more}`;
  throw usageError(
    `--zone: expected the name of a network namespace (${choice}), got "${escapeText(wanted)}"`,
  );
}

function zoneAt(path: string): FoundZone {
  let id: number;
  try {
    id = statSync(path).ino;
  } catch (error) {
    const code =
      typeof error === 'object' && error !== null && 'code' in error ? String(error.code) : 'error';
    if (code === 'EACCES' || code === 'EPERM') {
      const message = `--zone: looking at "${escapeText(path)}" needs CAP_SYS_PTRACE (run as root)`;
      throw new RoutetapError('privilege', message, { code, cause: error });
    }
    throw usageError(
      `--zone: expected the path of a network namespace, got "${escapeText(path)}" (${code})`,
    );
  }
  if (!isNetns(path, id))
    throw usageError(`--zone: expected the path of a network namespace, got "${escapeText(path)}"`);
  const listed = listZones().find((zone) => zone.id === id);
  return { path, id, name: listed?.name ?? null, initial: listed?.initial ?? false };
}

/** Is the file a network namespace: a link /proc/PID/ns/net (or a link to one), or nsfs mounted with that inode? */
function isNetns(path: string, id: number): boolean {
  const link = readLink(path);
  const target = `net:[${id}]`;
  if (link === target || (link !== null && readLink(link) === target)) return true;
  return netnsMounts().some((mount) => mount.id === id);
}
