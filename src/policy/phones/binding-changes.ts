/** How the bindings of an address-of-record change, for observers. */
import { type Flow, isSameFlow } from "../../transport/flow.ts";

/** What of a binding is told. */
interface ToldBinding {
  readonly contact: string;
  readonly flow: Flow;
}

export interface BindingChange {
  /**
   * "moved": the same Contact URI is reached by another flow from now on. A refresh by the same flow changes nothing. A phone that
   * comes back with another Contact URI has its old one removed, and the new one added.
   */
  readonly change: "added" | "moved" | "removed" | "expired";
  /** The address-of-record, "user@domain". */
  readonly name: string;
  /** The Contact URI as the phone gave it. */
  readonly contact: string;
  readonly flow: Flow;
}

/**
 * Tells what is about to change: first what goes, then what comes.
 * @param next the bindings that the address-of-record will have
 * @param gone why those go that aren't among them
 */
export function tellChanges(
  { name, bindings }: { readonly name: string; readonly bindings: readonly ToldBinding[] },
  next: readonly ToldBinding[],
  gone: "removed" | "expired",
  tell: (change: BindingChange) => void,
): void {
  for (const { contact, flow } of bindings) {
    if (!next.some((one) => one.contact === contact)) tell({ change: gone, name, contact, flow });
  }
  for (const { contact, flow } of next) {
    const known = bindings.find((one) => one.contact === contact);
    if (known === undefined) tell({ change: "added", name, contact, flow });
    else if (!isSameFlow(known.flow, flow)) tell({ change: "moved", name, contact, flow });
  }
}
