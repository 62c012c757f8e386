import type { TraceMechanism } from '../../core/trace/model.js';

/** The programs of bpf/trace.bpf.c that watch functions in one way. */
export interface Hooks {
  readonly mechanism: TraceMechanism;
  readonly leave: string;
  readonly enter: string;
  /** In place of `enter` where a tree may begin. */
  readonly root: string;
  /** All its functions share one link, which the kernel may not know at all, or refuse for one of them. */
  readonly isMulti: boolean;
}

export const FENTRY: Hooks = {
  mechanism: 'fentry',
  leave: 'trace_leave_fexit',
  enter: 'trace_enter_fentry',
  root: 'trace_root_fentry',
  isMulti: false,
};

export const KPROBE: Hooks = {
  mechanism: 'kprobe',
  leave: 'trace_leave_kretprobe',
  enter: 'trace_enter_kprobe',
  root: 'trace_root_kprobe',
  isMulti: false,
};

/** Thousands of times quicker to attach than KPROBE; since Linux 5.18, with CONFIG_FPROBE. */
export const KPROBE_MULTI: Hooks = {
  mechanism: 'kprobe',
  leave: 'trace_leave_multi',
  enter: 'trace_enter_multi',
  root: 'trace_root_multi',
  isMulti: true,
};

/** Programs that tell what a followed process forks. */
export const FOLLOWING = ['trace_fork_all', 'trace_exit_all'] as const;

/** Ways functions are watched with one object, the best first. */
export type Ways = readonly Hooks[];

/** Sets of ways to be tried for a tier, best first. `kprobes`: whether, and how, kprobes can be had. */
export function waysOf(
  tier: 'fentry' | 'kprobe',
  kprobes: 'none' | 'one by one' | 'multi',
): readonly Ways[] {
  const better = kprobes === 'none' ? [] : kprobes === 'multi' ? [KPROBE_MULTI, KPROBE] : [KPROBE];
  if (tier === 'kprobe') return better.map((hooks) => [hooks]);
  return [...better.map((hooks) => [FENTRY, hooks]), [FENTRY]];
}
