/** The time line: a lane for each peer. A state is a height and a colour: a thin line is well, a block is an outage. */
import type { Change, PeerFacts, RunningStatus } from "../app/status-facts.ts";
import { evidenceOf, evidenceWords } from "../app/words/peer-words.ts";
import { span } from "../app/words/times.ts";
import { clockTime, dateOf, iso, now_ms } from "./clock.ts";
import { byId, fill, h, s } from "./elements.ts";

const MINUTE_ms = 60_000;
const HOUR_ms = 60 * MINUTE_ms;
const DAY_ms = 24 * HOUR_ms;
/** What is drawn, and how far apart its marks stand. */
const RANGES = [
  { name: "5 min", length_ms: 5 * MINUTE_ms, mark_ms: MINUTE_ms },
  { name: "1 h", length_ms: HOUR_ms, mark_ms: 10 * MINUTE_ms },
  { name: "24 h", length_ms: DAY_ms, mark_ms: 4 * HOUR_ms },
  { name: "7 d", length_ms: 7 * DAY_ms, mark_ms: DAY_ms },
] as const;
type Range = (typeof RANGES)[number];

const LANE_px = 26;
const STRIP_px = 14;
const HEIGHTS: Readonly<Record<string, number>> = { up: 3, suspect: 8, recovering: 8, down: STRIP_px, unknown: 1 };
/** Letters of a peer's name beside its lane; on a telephone the name stands above it. */
const NAME_px = 190;
const NARROW_px = 560;
/** A short outage must not vanish. */
const LEAST_px = 2;

let chosen: Range | undefined;

interface Piece {
  readonly from_ms: number;
  readonly to_ms: number;
  readonly state: string;
  readonly why: string;
}

/** Offers the ranges. @param draw is called when another one is chosen */
export function offerRanges(draw: () => void): void {
  const labels = RANGES.map((range) => {
    const input = h("input", { type: "radio", name: "range", value: range.name }) as HTMLInputElement;
    input.addEventListener("change", () => {
      chosen = range;
      draw();
    });
    return h("label", {}, input, range.name);
  });
  byId("ranges").append(...labels);
}

/** The shortest range that has all that is known, a day at the most. */
function rangeFor({ history, up_s }: RunningStatus): Range {
  if (chosen !== undefined) return chosen;
  const first_ms = Math.min(now_ms() - up_s * 1_000, ...history.map(({ at }) => Date.parse(at)));
  const [, , day = RANGES[0]] = RANGES;
  return RANGES.find(({ length_ms }) => now_ms() - first_ms <= length_ms) ?? day;
}

export function drawTimeline(status: RunningStatus): void {
  const place = byId("timeline");
  const range = rangeFor(status);
  for (const input of document.querySelectorAll<HTMLInputElement>("#ranges input")) {
    input.checked = input.value === range.name;
  }
  const lanes = [
    ...status.upstream.map((peer) => ({ role: "upstream" as const, peer })),
    ...status.gateways.map((peer) => ({ role: "gateway" as const, peer })),
  ];
  const width = Math.max(280, place.clientWidth);
  const isNarrow = width < NARROW_px;
  const left = isNarrow ? 0 : NAME_px;
  const lane_px = isNarrow ? LANE_px + 16 : LANE_px;
  const end_ms = now_ms();
  const begin_ms = end_ms - range.length_ms;
  const x = (at_ms: number) => left + ((Math.max(begin_ms, at_ms) - begin_ms) / range.length_ms) * (width - left);
  const bottom = lanes.length * lane_px + 4;
  const drawing = s("svg", { width, height: bottom + 20, role: "img", "aria-label": summary(status, range) });
  for (const at_ms of marks(begin_ms, end_ms, range.mark_ms)) {
    drawing.append(
      s("line.axis", { x1: x(at_ms), x2: x(at_ms), y1: 0, y2: bottom }),
      s(
        "text.faint",
        { x: x(at_ms), y: bottom + 15, "text-anchor": anchor(x(at_ms), left, width) },
        markText(at_ms, range),
      ),
    );
  }
  for (const [index, { role, peer }] of lanes.entries()) {
    const base = index * lane_px + lane_px - 6;
    const name = peer.name.length > 26 ? `${peer.name.slice(0, 25)}…` : peer.name;
    drawing.append(
      s("text", isNarrow ? { x: 0, y: base - STRIP_px - 4 } : { x: 0, y: base }, name),
      ...piecesOf(peer, role, status, begin_ms).map((piece) => strip(piece, base, x)),
    );
  }
  fill(place, drawing);
}

function strip({ from_ms, to_ms, state, why }: Piece, base: number, x: (at_ms: number) => number): SVGElement {
  const height = HEIGHTS[state] ?? STRIP_px;
  const width = Math.max(LEAST_px, x(to_ms) - x(from_ms));
  const title = `${state} from ${clockTime(iso(from_ms))} for ${span((to_ms - from_ms) / 1_000)}: ${why}`;
  return s(`rect.${state}`, { x: x(from_ms), y: base - height, width, height }, s("title", {}, title));
}

/** The states of a peer since `begin_ms`, as its changes tell them. */
function piecesOf(peer: PeerFacts, role: Change["role"], status: RunningStatus, begin_ms: number): Piece[] {
  const own = status.history.filter((one) => one.role === role && one.peer === peer.name);
  const [first] = own;
  const start_ms = now_ms() - status.up_s * 1_000;
  const pieces: Piece[] = [];
  let state = first === undefined ? (peer.since === undefined ? "unknown" : peer.state) : first.from;
  if (first?.from === "suspect") state = "unknown";
  let why =
    first === undefined ? evidenceWords(peer.evidence ?? "not known yet", peer.evidence_failure) : "not known yet";
  let from_ms = Math.max(start_ms, begin_ms);
  const add = (to_ms: number) => {
    if (to_ms > from_ms) pieces.push({ from_ms, to_ms, state, why });
  };
  for (const { at, to, evidence, probe_failure } of own) {
    const at_ms = Date.parse(at);
    add(at_ms);
    from_ms = Math.max(from_ms, at_ms);
    state = to;
    why = evidenceWords(evidenceOf(role, evidence), probe_failure);
  }
  add(now_ms());
  return pieces;
}

function marks(begin_ms: number, end_ms: number, mark_ms: number): number[] {
  const offset_ms = dateOf(end_ms).getTimezoneOffset() * MINUTE_ms;
  const first_ms = Math.ceil((begin_ms - offset_ms) / mark_ms) * mark_ms + offset_ms;
  const count = Math.floor((end_ms - first_ms) / mark_ms) + 1;
  return Array.from({ length: count }, (_, index) => first_ms + index * mark_ms);
}

function markText(at_ms: number, { mark_ms }: Range): string {
  const time = dateOf(at_ms);
  if (mark_ms >= DAY_ms) return `${time.getDate()}.${time.getMonth() + 1}.`;
  return `${time.getHours()}:${`${time.getMinutes()}`.padStart(2, "0")}`;
}

function anchor(at: number, left: number, width: number): string {
  if (at < left + 16) return "start";
  return at > width - 16 ? "end" : "middle";
}

/** What the drawing shows, for who can't see it: the list of changes has all. */
function summary({ upstream, gateways, history }: RunningStatus, { name, length_ms }: Range): string {
  const since_ms = now_ms() - length_ms;
  const downs = history.filter(({ at, to }) => to === "down" && Date.parse(at) >= since_ms).length;
  const states = [...upstream, ...gateways].map((peer) => `${peer.name} is ${peer.state}`).join(", ");
  return `Last ${name}: ${states}; ${downs} changes to down`;
}
