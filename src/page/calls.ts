/** Calls: those in progress and the last ones, each with its way, the reason and its ladder. */
import type { RecordedCall } from "../app/recorded-calls.ts";
import { endText, wayText } from "../app/words/calls-words.ts";
import { clockTime } from "./clock.ts";
import { byId, fill, h, inked } from "./elements.ts";
import { showLadder } from "./ladder.ts";

interface Shown {
  readonly item: HTMLElement;
  told: string;
}

/** A call's element stays while the call changes: what somebody has opened stays open. */
const shown = new Map<number, Shown>();

const isNow = ({ state }: RecordedCall) => state === "calling" || state === "up";

type NameOf = Parameters<typeof showLadder>[2];

/** What is at an address, as far as is known now. */
let nameOf: NameOf = (address) => address;

/** @param calls the newest first */
export function showCalls(calls: readonly RecordedCall[], isSearch: boolean, names: NameOf): void {
  nameOf = names;
  const now = calls.filter(isNow);
  const last = isSearch ? calls : calls.filter((call) => !isNow(call));
  byId("count-now").textContent = now.length === 0 ? "" : `${now.length}`;
  list(byId("now"), isSearch ? [] : now, isSearch ? "Not shown while you search" : "None");
  list(byId("last"), last, isSearch ? "None is like that" : "None yet");
  const ids = new Set(calls.map(({ id }) => id));
  for (const id of shown.keys()) if (!ids.has(id)) shown.delete(id);
}

function list(place: HTMLElement, calls: readonly RecordedCall[], none: string): void {
  const items = calls.map(itemOf);
  if (items.length === 0) items.push(h("li.empty", {}, none));
  const isSame = items.length === place.children.length && items.every((item, index) => item === place.children[index]);
  if (!isSame) fill(place, ...items);
}

function itemOf(call: RecordedCall): HTMLElement {
  const known = shown.get(call.id);
  const told = JSON.stringify(call);
  if (known?.told === told) return known.item;
  const item = known?.item ?? h("li", {}, h("details", {}, h("summary"), h("div.call")));
  shown.set(call.id, { item, told });
  const details = item.firstElementChild as HTMLDetailsElement;
  const [summary, body] = details.children as unknown as [HTMLElement, HTMLElement];
  const { from, to, origin, at } = call;
  const whence = origin === "localnet" ? "" : ` (${origin})`;
  fill(
    summary,
    h("time.faint", { datetime: at }, clockTime(at)),
    h("b", {}, shortName(from), h("span.faint", {}, `${whence} → `), to),
    h("span.way", {}, ...inked(wayText(call))),
    h("span.end", {}, ...inked(endText(call))),
  );
  const open = () => {
    if (details.open) openCall(call, body);
  };
  details.ontoggle = open;
  open();
  return item;
}

/** Draws the ladders that are open for the width that there is now. */
export function redrawLadders(): void {
  for (const { item } of shown.values()) {
    const details = item.firstElementChild as HTMLDetailsElement;
    if (details.open) details.dispatchEvent(new Event("toggle"));
  }
}

/** The extension of an address-of-record. */
function shortName(name: string): string {
  return name.replace(/^([^@]+)@.*$/, "$1");
}

function openCall(call: RecordedCall, place: HTMLElement): void {
  const rules = new Set(call.legs.map(({ rule, why }) => `${rule}: ${why}`));
  const callIds = new Set(call.legs.map(({ call_id }) => call_id));
  let ladder = place.querySelector<HTMLElement>(".ladder");
  ladder ??= h("div.ladder", { tabindex: 0, role: "group", "aria-label": `Messages of the call from ${call.from}` });
  fill(
    place,
    ...[...rules].map((rule) => h("p", {}, `Rule ${rule}`)),
    h("p.faint.mono", {}, `Call-ID ${[...callIds].join(" ")}`),
    ladder,
  );
  void showLadder(call.id, ladder, (address, port) => nameOf(address, port));
}
