import type { StepRecord } from './read-step.js';
import type { LookupTree } from './tree.js';

/** What a tree has of its first record: when, where and by whom. */
export const treeHead = (
  first: StepRecord,
): Pick<LookupTree, 'id' | 'timeNs' | 'place' | 'cpu' | 'pid' | 'tid' | 'uid' | 'comm'> => ({
  id: first.lookup,
  timeNs: first.timeNs,
  place: first.place,
  cpu: first.u32('cpu'),
  pid: first.u32('pid'),
  tid: first.u32('tid'),
  uid: first.u32('uid'),
  comm: first.comm,
});
