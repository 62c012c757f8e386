/** A network namespace as it was found. */
export interface FoundZone {
  /** What to open for setns(2): a file of nsfs. */
  readonly path: string;
  /** Inode of its nsfs file. */
  readonly id: number;
  /** Name under /run/netns, else of the container or unit that owns its oldest process, else null. */
  readonly name: string | null;
  /** True for the host's initial namespace. */
  readonly initial: boolean;
}
