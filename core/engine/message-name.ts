import { RTM } from '../wire/constants.js';

const NAMES = new Map<number, string>(
  Object.entries(RTM).map(([name, type]) => [type, `RTM_${name}`]),
);

/** RTM_NEWROUTE…; a number without a name as text. */
export const messageName = (type: number): string => NAMES.get(type) ?? String(type);
