const NO_STACK = "routetap sees events, not the kernel's stack";
const NO_USER_STACK = "routetap sees events, not a process's stack";
const NO_MEMORY =
  'routetap sees events, not memory; their structures are args[1], args[4] and args[5]';
const NO_ACTION = 'routetap watches and never acts on the system';
const NO_SPECULATION =
  'routetap speculates on nothing; collect in an array and print when it is decided';
const NO_THREAD =
  'an event has no thread of its own; the process behind it is pid, tid, execname, uid';
const NO_KERNEL = 'routetap sees events, not the kernel as it runs';

const all = (names: string, reason: string): [string, string][] =>
  names.split(' ').map((name) => [name, reason]);

/** DTrace's functions and actions that have no meaning for events, each with the reason. */
export const REFUSED_CALLS: ReadonlyMap<string, string> = new Map([
  ...all('stack', NO_STACK),
  ...all('ustack jstack', NO_USER_STACK),
  ...all('copyin copyinstr copyinto copyout copyoutstr alloca bcopy tracemem', NO_MEMORY),
  ...all('stop raise panic breakpoint chill system kill', NO_ACTION),
  ...all('speculation speculate commit discard', NO_SPECULATION),
  ...all('freopen ftruncate', 'one program has one output; give it a file with -o FILE'),
  ...all('setopt', 'options are set before the program runs; use #pragma D option or -x'),
  ...all('progenyof', 'routetap does not keep who started whom; compare pid or args[5]->unit'),
  ...all(
    'mutex_owned mutex_owner mutex_type_adaptive mutex_type_spin rw_read_held rw_write_held rw_iswriter',
    NO_KERNEL,
  ),
  ...all(
    'sym usym func mod ufunc umod uaddr ddi_pathname getmajor getminor msgsize msgdsize',
    NO_KERNEL,
  ),
  ...all('cleanpath_fd json toint', 'there is no such function in D'),
]);

/** DTrace's variables that have no meaning for events. */
export const REFUSED_NAMES: ReadonlyMap<string, string> = new Map([
  ...all(
    'self',
    'a route event has no thread that goes on to the next one; use this-> within an event, or an array with pid as its key',
  ),
  ...all('caller stackdepth', NO_STACK),
  ...all('ucaller ustackdepth uregs', NO_USER_STACK),
  ...all('curthread curlwpsinfo curpsinfo', NO_THREAD),
  ...all('ppid gid projid taskid', 'routetap knows pid, tid, execname and uid of the process'),
  ...all('errno', 'an event is no system call; why a lookup failed is args[5]->errno'),
  ...all('cwd root', 'routetap knows the executable of the process: args[5]->exe'),
  ...all('curcpu ipl chip lgrp', NO_KERNEL),
  ...all('vtimestamp', 'an event uses no CPU time; its time is timestamp'),
]);
