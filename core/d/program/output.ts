/** What a program says: text for stdout or a file, a line for stderr, or that it wants to end. */
export type DOutput =
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'error'; readonly line: string }
  | { readonly kind: 'exit'; readonly status: number };
