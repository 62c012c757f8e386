import { DivisionByZero } from '../integer.js';

/** DTRACEFLT_* of illumos sys/dtrace.h, and what libdtrace calls them. */
export const FAULTS = {
  invalidAddress: { number: 1, text: 'invalid address' },
  divideByZero: { number: 4, text: 'divide-by-zero' },
} as const;

export type Fault = (typeof FAULTS)[keyof typeof FAULTS];

/** Ends a clause; thrown by what it is made of. */
export class DFault extends Error {
  readonly fault: Fault;
  /** arg5 of ERROR: the address, 0 without. */
  readonly address: number;

  constructor(fault: Fault, address = 0) {
    super(fault.text);
    this.name = 'DFault';
    this.fault = fault;
    this.address = address;
  }
}

/** The fault an error stands for; what is none is thrown on. */
export function faultOf(error: unknown): DFault {
  if (error instanceof DFault) return error;
  if (error instanceof DivisionByZero) return new DFault(FAULTS.divideByZero);
  throw error;
}

/** What stands behind the fault's name, as libdtrace says it. */
export const faultText = ({ fault, address }: DFault): string =>
  fault === FAULTS.invalidAddress ? `${fault.text} (0x${address.toString(16)})` : fault.text;
