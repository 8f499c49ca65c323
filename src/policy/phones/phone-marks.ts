/** What phones are told apart by, whatever address they have. */

/** What of a binding says whose it is. */
interface Marked {
  readonly contact: string;
  readonly instance: string;
}

/** What a phone is known by: its instance, or else its Contact URI. */
export function phoneMark({ contact, instance }: Marked): string {
  return instance === "" ? contact : instance;
}

/** How `seen` has an instance: what a phone claims must not pass for an address. */
export function instanceMark(instance: string): string {
  return `instance ${instance}`;
}

/** One phone, by its own word (RFC 5626 §4.1). */
export function isSameInstance(a: Marked, b: Marked): boolean {
  return a.instance !== "" && a.instance === b.instance;
}
