/** Phones: where each has registered from, and when that runs out. */
import type { RegisteredContact, RunningStatus } from "../app/control.ts";
import { compareNames } from "../app/words/registered-words.ts";
import { exactSpan } from "../app/words/times.ts";
import { byId, type Child, fill, h, table } from "./elements.ts";

/** Rows drawn at once; the search finds all others. */
const ROWS_MAX = 300;
/** Less than this is told by its colour. */
const SOON_s = 60;

/** @param told_ms when `contacts` were told, by the browser's clock that never jumps */
export function showPhones(
  contacts: readonly RegisteredContact[],
  { members = [] }: RunningStatus,
  told_ms: number,
  wanted: string,
): void {
  const passed_s = (performance.now() - told_ms) / 1_000;
  const groups = new Map<string, string[]>();
  for (const { registered, group } of members) {
    if (registered !== null) groups.set(registered, [...(groups.get(registered) ?? []), group]);
  }
  const hosts = new Set(contacts.map(({ name }) => name.slice(name.lastIndexOf("@"))));
  const text = wanted.trim().toLowerCase();
  const found = contacts
    .filter(({ name, contact, from }) => `${name} ${contact} ${from}`.toLowerCase().includes(text))
    .sort((one, other) => compareNames(one.name, other.name));
  const rows = found.slice(0, ROWS_MAX).map((one) => {
    const name = hosts.size > 1 ? one.name : one.name.slice(0, one.name.lastIndexOf("@"));
    const way = one.connected === false ? h("span.doubtful", {}, `${one.transport}, gone`) : one.transport;
    return [
      name,
      h("span.mono", { title: one.contact }, one.from),
      way,
      expiry(one, one.left_s - passed_s),
      ...(groups.size === 0 ? [] : [(groups.get(one.name) ?? []).join(", ")]),
    ];
  });
  const numbers = new Set(contacts.map(({ name }) => name)).size;
  byId("count-phones").textContent =
    numbers === contacts.length ? `${numbers}` : `${numbers} at ${contacts.length} contacts`;
  const rest = found.length - rows.length;
  const none = contacts.length === 0 ? "No phone is registered" : "None is like that";
  fill(
    byId("phones"),
    rows.length === 0
      ? h("p.empty", {}, none)
      : table(["Extension", "From", "By", "Expires", ...(groups.size === 0 ? [] : ["Groups"])], rows),
    rest > 0 ? h("p.empty", {}, `${rest} more: search for them`) : null,
  );
}

function expiry({ accepted, restored }: RegisteredContact, left_s: number): Child {
  const note =
    accepted === false ? ", not back at upstream yet" : restored === true ? ", known from before the restart" : "";
  if (left_s < 0) return h("span.doubtful", {}, `expired ${exactSpan(-left_s)} ago${note}`);
  return h(left_s < SOON_s || note !== "" ? "span.doubtful" : "span", {}, `in ${exactSpan(left_s)}${note}`);
}
