/** What a case has come to, as plain data that two engines can be compared by. */

/** Named by what they do; each begins in the state that those before it have left. */
export type Cases = Readonly<Record<string, () => unknown>>;

const FIELDS = ["name", "code", "errno", "syscall", "path", "dest", "message"] as const;

/** The value, or all that the error tells. */
export async function outcomeOf(run: () => unknown): Promise<unknown> {
  try {
    return plain(await run());
  } catch (error) {
    const told = error as Readonly<Record<string, unknown>>;
    return { thrown: Object.fromEntries(FIELDS.map((field) => [field, told[field]])) };
  }
}

/** Octets by their digits; what JSON leaves out is written out. */
function plain(value: unknown): unknown {
  if (value instanceof Uint8Array) return { octets: Array.from(value, digits).join("") };
  if (Array.isArray(value)) return value.map(plain);
  return value === undefined ? "undefined" : value;
}

function digits(byte: number): string {
  return byte.toString(16).padStart(2, "0");
}
