/** The ladder: one line for each message that an actor sends or receives, as it happens. */
import type { UpstreamEdge } from "../branchline-process.ts";
import type { Sighting } from "../sip/watched-wire.ts";
import { isDrawn, labelsOf, noteOf, styleOf } from "./labels.ts";
import { dim, type Style, WIDTH, yellow } from "./style.ts";

/** Columns of the lifelines. */
const PHONES = 12;
const BRANCHLINE = 58;
const PBX = 79;
const GATEWAY = 96;
const LIFELINES = [PHONES, BRANCHLINE, PBX, GATEWAY];
const HEADINGS = [
  ["phones", PHONES],
  ["branchline", BRANCHLINE],
  ["PBX", PBX],
  ["gateway", GATEWAY],
] as const;
const TIME_WIDTH = 6;
/** How far before its end the arrow of a lost message stops. */
const LOST_GAP = 2;
/** Columns of an arrow that aren't its label: a dash, two blanks, a dash, the head. */
const ARROW_WIDTH = 5;

export class Ladder {
  private readonly print: (line: string) => void;
  private start_ms: number | undefined;
  private readonly notes = new Set<string>();
  private answeredProbes = 0;
  private lostProbes = 0;

  constructor(print: (line: string) => void) {
    this.print = print;
  }

  /** Begins a ladder with a clock of its own. */
  begin(): void {
    this.start_ms = performance.now();
    this.notes.clear();
    this.answeredProbes = 0;
    this.lostProbes = 0;
    let heading = " ".repeat(TIME_WIDTH - 1).concat("s");
    for (const [name, column] of HEADINGS) heading = heading.padEnd(column - Math.floor(name.length / 2)) + name;
    this.print(dim(heading));
  }

  /** Ends the ladder with what it has left out. */
  end(): void {
    const counts = [
      ...(this.lostProbes > 0 ? [`${this.lostProbes} unanswered`] : []),
      ...(this.answeredProbes > 0 ? [`${this.answeredProbes} answered`] : []),
    ];
    if (counts.length === 0) return;
    this.print(dim(this.line(`Not drawn: branchline's probes of the PBX (OPTIONS), ${counts.join(", ")}`)));
  }

  readonly draw = (sighting: Sighting): void => {
    if (!isDrawn(sighting.message)) {
      this.countProbe(sighting);
      return;
    }
    const { actor, fate, message, at_ms, isRepeat } = sighting;
    const there = columnOf(actor);
    const [from, to] = fate === "sent" ? [there, BRANCHLINE] : [BRANCHLINE, there];
    const suffix = isRepeat ? " again" : "";
    const arrow = drawArrow(from, to, labelsOf(message), suffix, fate === "lost");
    this.print(this.row(at_ms, there === PHONES ? actor : "", arrow, styleOf(sighting)));
    const note = noteOf(sighting);
    const kind = `${actor} ${note?.split(":")[0]}`;
    if (note === undefined || isRepeat || this.notes.has(kind)) return;
    this.notes.add(kind);
    this.print(dim(this.line(note)));
  };

  /** branchline has changed its mind about upstream. */
  readonly drawEdge = ({ from, to, evidence }: UpstreamEdge): void => {
    // Before the first step it draws nothing.
    if (this.start_ms === undefined) return;
    const text = `◆ PBX ${from} → ${to}: ${evidence}`;
    const column = Math.min(BRANCHLINE, WIDTH - text.length);
    this.print(this.row(performance.now(), "", { left: column, text }, yellow));
  };

  private countProbe({ fate, message, isRepeat }: Sighting): void {
    if (isRepeat) return;
    if (message.isRequest && fate === "lost") this.lostProbes += 1;
    if (message.status === 200) this.answeredProbes += 1;
  }

  private row(at_ms: number, actor: string, { left, text }: Arrow, style: Style): string {
    const time = ((at_ms - (this.start_ms ?? at_ms)) / 1_000).toFixed(3).padStart(TIME_WIDTH);
    const head = `${time}  ${actor}`.padEnd(PHONES);
    const right = lifelines(left + text.length, WIDTH).trimEnd();
    return head + dim(lifelines(PHONES, left)) + style(text) + dim(right);
  }

  /** A line of text in a ladder. */
  private line(text: string): string {
    return `${" ".repeat(PHONES)}│ ${text}`;
  }
}

interface Arrow {
  /** Its first column. */
  readonly left: number;
  readonly text: string;
}

/** From lifeline to lifeline, with the longest label that fits. */
function drawArrow(from: number, to: number, labels: readonly string[], suffix: string, isLost: boolean): Arrow {
  const isRightward = from < to;
  const width = Math.abs(from - to) - 1 - (isLost ? LOST_GAP : 0);
  const room = width - ARROW_WIDTH - suffix.length;
  const label = labels.find((one) => one.length <= room) ?? labels.at(-1)?.slice(0, room) ?? "";
  const dashes = "─".repeat(Math.max(room - label.length, 0));
  const written = ` ${label}${suffix} `;
  const text = isRightward ? `─${written}${dashes}─${isLost ? "╳" : "▶"}` : `◀─${dashes}${written}─`;
  return { left: isRightward ? from + 1 : from - width, text };
}

function columnOf(actor: string): number {
  if (actor === "PBX") return PBX;
  return actor === "gateway" ? GATEWAY : PHONES;
}

/** What stands in the columns from `start` to before `end` where no arrow passes. */
function lifelines(start: number, end: number): string {
  let text = "";
  for (let column = start; column < end; column++) text += LIFELINES.includes(column) ? "│" : " ";
  return text;
}
