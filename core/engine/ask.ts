/**
 * What the engine asks of the outside. It does no I/O itself: live sources do these things and answer
 * with frames; a replay does nothing, the answers stand in the recording.
 */
export interface EngineAsk {
  /** Send this request (nlmsghdr and on) through the zone's query socket; replies come as REPLY frames with the token. */
  query(zone: number, token: number, request: Uint8Array): void;
  /** Drain the zone's event socket, then put a BARRIER frame with the token. */
  barrier(zone: number, token: number): void;
  /** Put a TIMER frame with the token after `delayMs`. */
  timer(token: number, delayMs: number): void;
  /** Who is behind a netlink port id of the zone? Payload of a PROCESS frame, or null. Synchronous. */
  process(zone: number, portid: number): Uint8Array | null;
  /**
   * What is known of a process a program saw, `pid` as the initial pid namespace counts; its control group by the id
   * where it has ended. Payload of a PROCESS frame, or null. Synchronous. A recording has the answer before the batch:
   * a PROCESS frame with port id 0, `value` the pid, an empty payload for null.
   */
  describe?(pid: number, cgroupId: bigint): Uint8Array | null;
}
