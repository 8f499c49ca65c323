/** The status page in the browser: asks for what is told to have changed, and shows it. */
import type { RegisteredContact, RunningStatus } from "../app/control.ts";
import type { Notice } from "../app/observe/notices.ts";
import type { Readiness } from "../app/observe/readiness.ts";
import type { CallsPage, RecordedCall } from "../app/recorded-calls.ts";
import { span } from "../app/words/times.ts";
import { ask } from "./ask.ts";
import { redrawLadders, showCalls } from "./calls.ts";
import { clockTime, iso, now_ms, READER, setClock } from "./clock.ts";
import { byId } from "./elements.ts";
import { namesOf } from "./ladder-rows.ts";
import { showMembers } from "./members.ts";
import { merged } from "./merged.ts";
import { showChanges, showFindings, showPeers, showVerdict } from "./peers.ts";
import { showPhones } from "./phones.ts";
import { showReadiness } from "./readiness.ts";
import { drawTimeline, offerRanges } from "./timeline.ts";

interface ContactsPage {
  readonly contacts: readonly RegisteredContact[];
  readonly next?: string;
}

const TICK_ms = 1_000;
/** What no notice tells of (channels, tables, refreshed registrations) is asked for so often. */
const STATUS_EVERY_ms = 10_000;
const PHONES_EVERY_ms = 15_000;
/** Certificates and drills grow old. */
const READINESS_EVERY_ms = 60_000;
const STATUS_LEAST_ms = 300;
/** Between two looks at channels of gateways, which change with calls. */
const CHANNELS_LEAST_ms = 2_000;
const READINESS_LEAST_ms = 2_000;
/** So that a thousand phones cost no more than a hundred. */
const PER_PHONE_ms = 20;
const CALLS_SHOWN = 60;
/** Until somebody has typed, or drawn a window larger. */
const PAUSE_ms = 250;

let status: RunningStatus | undefined;
let contacts: readonly RegisteredContact[] = [];
let contactsTold_ms = 0;
let readinessTold_ms = 0;
let calls = new Map<number, RecordedCall>();
let changes = 0;
let run = "";
/** Older calls, where there are any. */
let next: number | undefined;
let most = CALLS_SHOWN;
let found: readonly RecordedCall[] | undefined;
let lost_ms: number | undefined;

const callSearch = byId<HTMLInputElement>("find-call");
const phoneSearch = byId<HTMLInputElement>("find-phone");

async function fetchStatus(): Promise<void> {
  const told = await ask<RunningStatus>("api/status");
  if (told === undefined) return;
  status = told;
  if (told.now !== undefined) setClock(told.now);
  show();
}

async function fetchPhones(): Promise<void> {
  const all: RegisteredContact[] = [];
  let after: string | undefined = "";
  while (after !== undefined) {
    const page: ContactsPage | undefined = await ask<ContactsPage>(`api/registered?after=${encodeURIComponent(after)}`);
    if (page === undefined) return;
    all.push(...page.contacts);
    after = page.next;
  }
  contacts = all;
  contactsTold_ms = performance.now();
  if (status !== undefined) showPhones(contacts, status, contactsTold_ms, phoneSearch.value);
}

async function fetchReadiness(): Promise<void> {
  readinessTold_ms = performance.now();
  const told = await ask<Readiness>("api/readiness");
  if (told !== undefined) showReadiness(told);
}

async function fetchCalls(): Promise<void> {
  const isWhole = run === "";
  const told = await ask<CallsPage>(isWhole ? "api/calls" : `api/calls?since=${changes}`);
  if (told === undefined) return;
  if (run !== told.run) {
    const isAnew = run !== "";
    calls = new Map();
    run = told.run;
    // What is asked since a change of the life before is no whole list.
    if (isAnew) {
      run = "";
      return fetchCalls();
    }
    next = told.next;
  }
  changes = told.changes;
  take(told.calls);
  // A piece has room for some changes only.
  if (!isWhole && told.next !== undefined) return fetchCalls();
}

function take(told: readonly RecordedCall[]): void {
  for (const call of told) calls.set(call.id, call);
  const ids = [...calls.keys()].sort((one, other) => other - one);
  for (const id of ids.slice(most)) calls.delete(id);
  if (ids.length > most) next = ids[most - 1];
  listCalls();
}

function listCalls(): void {
  const all = found ?? [...calls.values()].sort((one, other) => other.id - one.id);
  const nameOf = status === undefined ? (address: string) => address : namesOf(status, contacts);
  showCalls(all, found !== undefined, nameOf);
  byId("more-calls").hidden = next === undefined || found !== undefined;
}

async function search(): Promise<void> {
  const text = callSearch.value.trim();
  const answer = text === "" ? undefined : await ask<CallsPage>(`api/calls?match=${encodeURIComponent(text)}`);
  if (text !== callSearch.value.trim()) return;
  found = text === "" ? undefined : (answer?.calls ?? []);
  listCalls();
}

async function earlier(): Promise<void> {
  if (next === undefined) return;
  const told = await ask<CallsPage>(`api/calls?before=${next}`);
  if (told === undefined) return;
  most += told.calls.length;
  next = told.next;
  take(told.calls);
}

function show(): void {
  if (status === undefined) return;
  showVerdict(status);
  showFindings(status);
  showPeers(status);
  showChanges(status);
  drawTimeline(status);
  showMembers(status.cluster);
  showPhones(contacts, status, contactsTold_ms, phoneSearch.value);
  const { version, up_s, file = "", dropped, now = "" } = status;
  byId("program").textContent = `${version}, running for ${span(up_s)}, ${file}`;
  const drops = Object.entries(dropped).map(([reason, count]) => `${count} ${reason}`);
  const zone = now === "" ? "" : `Times are ${READER.local(now).zone}. `;
  byId("foot").textContent = `${zone}Messages dropped: ${drops.length === 0 ? "none" : drops.join(", ")}.`;
}

/** Once a second: what only time changes. */
function tick(): void {
  const line = byId("line");
  line.className = lost_ms === undefined ? "line live" : "line lost";
  const time = clockTime(iso(now_ms()));
  const words =
    lost_ms === undefined ? `live, ${time}` : `no answer for ${span((performance.now() - lost_ms) / 1_000)}`;
  if (line.textContent !== words) line.textContent = words;
  if (status === undefined || document.hidden) return;
  showPeers(status);
  drawTimeline(status);
  showPhones(contacts, status, contactsTold_ms, phoneSearch.value);
}

const askStatus = merged(fetchStatus, () => STATUS_LEAST_ms);
const askChannels = merged(fetchStatus, () => CHANNELS_LEAST_ms);
const askPhones = merged(fetchPhones, () => STATUS_LEAST_ms + contacts.length * PER_PHONE_ms);
const askReadiness = merged(fetchReadiness, () => READINESS_LEAST_ms + contacts.length * PER_PHONE_ms);
const askCalls = merged(fetchCalls, () => STATUS_LEAST_ms);

function askAll(): void {
  askStatus();
  askPhones();
  askReadiness();
  askCalls();
}

function follow(): void {
  const source = new EventSource("events");
  source.onopen = () => {
    lost_ms = undefined;
    askAll();
    tick();
  };
  source.onerror = () => {
    lost_ms ??= performance.now();
    tick();
    // Of an answer that is no stream, such as "too many", the browser doesn't try again.
    if (source.readyState === EventSource.CLOSED) setTimeout(follow, STATUS_EVERY_ms);
  };
  source.onmessage = ({ data }: MessageEvent<string>) => {
    const notice = JSON.parse(data) as Notice;
    if (notice.status) askStatus();
    if (notice.phones) askPhones();
    if (notice.readiness || notice.status || notice.phones) askReadiness();
    if (notice.calls) {
      askCalls();
      askChannels();
    }
  };
}

let typing: ReturnType<typeof setTimeout> | undefined;
callSearch.oninput = () => {
  clearTimeout(typing);
  typing = setTimeout(() => void search(), PAUSE_ms);
};
phoneSearch.oninput = () => {
  if (status !== undefined) showPhones(contacts, status, contactsTold_ms, phoneSearch.value);
};
byId("m-close").onclick = () => byId<HTMLDialogElement>("message").close();
// A long message is scrolled by keys.
byId("m-text").tabIndex = 0;
byId("more-calls").onclick = () => void earlier();
let sizing: ReturnType<typeof setTimeout> | undefined;
window.addEventListener("resize", () => {
  if (status !== undefined) drawTimeline(status);
  clearTimeout(sizing);
  sizing = setTimeout(redrawLadders, PAUSE_ms);
});
document.addEventListener("visibilitychange", () => {
  if (!document.hidden) askAll();
});
offerRanges(() => {
  if (status !== undefined) drawTimeline(status);
});
setInterval(tick, TICK_ms);
setInterval(() => {
  if (document.hidden) return;
  askStatus();
  if (performance.now() - contactsTold_ms >= PHONES_EVERY_ms) askPhones();
  if (performance.now() - readinessTold_ms >= READINESS_EVERY_ms) askReadiness();
}, STATUS_EVERY_ms);
follow();
