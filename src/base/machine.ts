/** Machines as tables: for a state and an input, the next state and what has to be done. Nothing in them does anything. */

/** @typeParam S states, @typeParam A what a transition may ask for */
export interface Transition<S extends string, A extends string> {
  readonly next: S;
  /** In this order, once the machine is in `next`. */
  readonly actions: readonly A[];
}

/** A state: input → transition. An input that is missing is ignored. */
export type Row<S extends string, I extends string, A extends string> = Readonly<Partial<Record<I, Transition<S, A>>>>;

/** For tables: go to `next`, doing `actions` in order. */
export function to<S extends string, A extends string>(next: S, ...actions: A[]): Transition<S, A> {
  return { next, actions };
}
