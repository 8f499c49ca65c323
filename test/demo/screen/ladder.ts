/** The ladder: one line for each message that an actor sends or receives, as it happens. */
import type { UpstreamEdge } from "../branchline-process.ts";
import type { Sighting } from "../sip/watched-wire.ts";
import { isDrawn, labelsOf, noteOf, styleOf } from "./labels.ts";
import { dim, red, type Style, WIDTH, yellow } from "./style.ts";

/** Columns of the lifelines. */
export interface Layout {
  readonly phones: number;
  /** By the names of the routers that run it. */
  readonly branchline: ReadonlyMap<string, number>;
  readonly pbx: number;
  /** Missing: the branch has none. */
  readonly gateway?: number;
}

export const ONE_ROUTER: Layout = { phones: 12, branchline: new Map([["branchline", 58]]), pbx: 79, gateway: 96 };

const TIME_WIDTH = 6;
/** How far before its end the arrow of a lost message stops. */
const LOST_GAP = 2;
/** Columns of an arrow that aren't its label: a dash, two blanks, a dash, the head. */
const ARROW_WIDTH = 5;

export class Ladder {
  private readonly print: (line: string) => void;
  private readonly layout: Layout;
  private readonly lifelines: readonly (readonly [name: string, column: number])[];
  private start_ms: number | undefined;
  private readonly notes = new Set<string>();
  private answeredProbes = 0;
  private lostProbes = 0;

  constructor(print: (line: string) => void, layout: Layout) {
    const { phones, branchline, pbx, gateway } = layout;
    this.print = print;
    this.layout = layout;
    const last: [string, number][] = gateway === undefined ? [] : [["gateway", gateway]];
    this.lifelines = [["phones", phones], ...branchline, ["PBX", pbx], ...last];
  }

  /** Begins a ladder with a clock of its own. */
  begin(): void {
    this.start_ms = performance.now();
    this.notes.clear();
    this.answeredProbes = 0;
    this.lostProbes = 0;
    let heading = " ".repeat(TIME_WIDTH - 1).concat("s");
    for (const [name, column] of this.lifelines) heading = heading.padEnd(column - Math.floor(name.length / 2)) + name;
    this.print(dim(heading));
  }

  /** Ends the ladder with what it has left out. */
  end(): void {
    const counts = [
      ...(this.lostProbes > 0 ? [`${this.lostProbes} unanswered`] : []),
      ...(this.answeredProbes > 0 ? [`${this.answeredProbes} answered`] : []),
    ];
    this.start_ms = undefined;
    if (counts.length === 0) return;
    this.print(dim(this.line(`Not drawn: branchline's probes of the PBX (OPTIONS), ${counts.join(", ")}`)));
  }

  /** @param router that sent or gets the message; undefined: no router has the address, and it is lost */
  draw(sighting: Sighting, router: string | undefined): void {
    if (!isDrawn(sighting.message)) {
      this.countProbe(sighting);
      return;
    }
    const { actor, fate, message, at_ms, isRepeat } = sighting;
    const { phones, branchline } = this.layout;
    const there = this.columnOf(actor);
    const here = branchline.get(router ?? "") ?? Math.min(...branchline.values());
    const isLost = fate === "lost" || router === undefined || sighting.isLost === true;
    const [from, to] = fate === "sent" ? [there, here] : [here, there];
    const suffix = isRepeat ? " again" : "";
    const arrow = drawArrow(from, to, labelsOf(message), suffix, isLost);
    const name = there === phones ? actor : "";
    this.print(this.row(at_ms, name, arrow, isLost ? red : styleOf(sighting), router ?? "-"));
    const note = noteOf(sighting);
    const kind = `${actor} ${note?.split(":")[0]}`;
    if (note === undefined || isRepeat || this.notes.has(kind)) return;
    this.notes.add(kind);
    this.print(dim(this.line(note)));
  }

  /** branchline has changed its mind about upstream. */
  readonly drawEdge = ({ from, to, evidence }: UpstreamEdge): void => {
    this.drawEvent(`PBX ${from} → ${to}: ${evidence}`);
  };

  /** @param router the name of the one to which something has happened */
  drawEvent(what: string, router = ""): void {
    // Between steps it draws nothing.
    if (this.start_ms === undefined) return;
    const text = `◆ ${what}`;
    const column = Math.min(...this.layout.branchline.values(), WIDTH - text.length);
    this.print(this.row(performance.now(), "", { left: column, text }, yellow, router));
  }

  private countProbe({ fate, message, isRepeat }: Sighting): void {
    if (isRepeat) return;
    if (message.isRequest && fate === "lost") this.lostProbes += 1;
    if (message.status === 200) this.answeredProbes += 1;
  }

  /** Where there are several routers, each row has the name of one. */
  private row(at_ms: number, actor: string, { left, text }: Arrow, style: Style, router = ""): string {
    const { phones, branchline } = this.layout;
    const time = ((at_ms - (this.start_ms ?? at_ms)) / 1_000).toFixed(3).padStart(TIME_WIDTH);
    const longest = Math.max(...[...branchline.keys()].map(({ length }) => length));
    const name = branchline.size > 1 ? `${router.padEnd(longest)}  ` : "";
    const head = `${time}  ${name}${actor}`.padEnd(phones);
    const right = this.between(left + text.length, WIDTH).trimEnd();
    return head + dim(this.between(phones, left)) + style(text) + dim(right);
  }

  /** A line of text in a ladder. */
  private line(text: string): string {
    return `${" ".repeat(this.layout.phones)}│ ${text}`;
  }

  private columnOf(actor: string): number {
    const { phones, pbx, gateway = phones } = this.layout;
    return actor === "PBX" ? pbx : actor === "gateway" ? gateway : phones;
  }

  /** What stands in the columns from `start` to before `end` where no arrow passes. */
  private between(start: number, end: number): string {
    const columns = this.lifelines.map(([, column]) => column);
    let text = "";
    for (let column = start; column < end; column++) text += columns.includes(column) ? "│" : " ";
    return text;
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
