/** Makes rows of the table of traced functions. */

import type { Family } from '../event.js';
import type { FunctionRow } from './model.js';

/** `root`: a tree may begin here; `flow out`: the function writes its flow argument itself. */
type Mark = 'root' | 'flow out';

type RowMaker = (
  name: string,
  file: string,
  role: FunctionRow['role'],
  explain: string,
  ...marks: readonly Mark[]
) => FunctionRow;

/** A maker of rows of one family and way. */
export function rowMaker(family: Family | null, way: FunctionRow['way']): RowMaker {
  return (name, file, role, explain, ...marks) => ({
    name,
    file,
    family,
    role,
    way,
    isRoot: marks.includes('root'),
    isFlowOut: marks.includes('flow out'),
    explain,
  });
}
