/** A lookup as the kernel is asked for it (RTM_GETROUTE); what is left out is left to the kernel. */
export interface LookupQuestion {
  /** 4 or 16 bytes. */
  readonly dst: Uint8Array;
  readonly src?: Uint8Array;
  /** ifindex. */
  readonly iif?: number;
  readonly oif?: number;
  readonly mark?: number;
  readonly uid?: number;
  readonly ipproto?: number;
  readonly sport?: number;
  readonly dport?: number;
  readonly tos?: number;
}
