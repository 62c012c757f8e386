/** What became of a packet. */

import { errnoName } from '../bpf/errno.js';
import { generic, dstWords, numberOf, type ResultWords } from './result-generic.js';
import { errnoOf } from './returned.js';
import { dstText } from './section-words.js';

const EXDEV = 18;
const EINVAL = 22;

/** Received packets: the route hangs on the packet. */
export const input: ResultWords = (call, returned) => {
  const errno = errnoOf(call);
  if (errno !== 0) return errnoName(errno);
  if (returned.kind === 'reason' && returned.value !== 0) return generic(call, returned);
  const given = call.dstAfter;
  if (given === null) return generic(call, returned);
  if (given.type === 'unreachable') return 'no route: to be answered by ICMP';
  return dstText(given, call.to, call.isInet);
};

export const validSource: ResultWords = (call, returned) => {
  const errno = errnoOf(call);
  if (errno === EXDEV) return 'refused: would not go back this way, rp_filter (EXDEV)';
  if (errno === EINVAL) return 'refused: martian source (EINVAL)';
  if (errno !== 0) return `refused: ${errnoName(errno)}`;
  if (returned.kind === 'reason') {
    return returned.value === 0 ? 'accepted' : `refused: drop reason ${returned.value}`;
  }
  return numberOf(returned) === 0 ? 'accepted' : 'accepted, sent by a neighbour on the link';
};

/** A handler of a packet: NET_RX_SUCCESS, NET_RX_DROP, or an errno. */
export const handled =
  (done: string): ResultWords =>
  (_call, returned) => {
    if (returned.kind === 'void' || numberOf(returned) === 0) return done;
    if (returned.kind === 'number' && returned.errno !== 0) {
      return `dropped: ${errnoName(returned.errno)}`;
    }
    return 'dropped';
  };

export const demux: ResultWords = (call, returned) => {
  if (returned.kind === 'reason' && returned.value !== 0) return generic(call, returned);
  if (call.dstAfter === null) return errnoOf(call) === 0 ? 'done' : errnoName(errnoOf(call));
  return `socket's route: ${dstWords(call)}`;
};

export const sent: ResultWords = (_call, returned) => {
  if (returned.kind === 'number' && returned.errno !== 0) return errnoName(returned.errno);
  return `sent ${numberOf(returned)} bytes`;
};
