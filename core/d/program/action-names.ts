/** What stands as a statement of its own. */
export const ACTION_NAMES: ReadonlySet<string> = new Set([
  'trace',
  'printf',
  'print',
  'printa',
  'exit',
  'clear',
  'trunc',
  'normalize',
  'denormalize',
]);
