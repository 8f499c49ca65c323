/** `branchline snmp`: answers snmpd, which starts it by `pass_persist` and asks by its standard input. */
import * as readline from "readline";
import { type Oid, oidOf } from "../app/observe/oid.ts";
import { passAnswer, passRequest } from "../app/observe/pass-persist.ts";
import { type Leaf, silentTree, snmpTree } from "../app/observe/snmp-tree.ts";
import { reasonOf } from "../base/reason.ts";
import { monotonic_ms, secondsOf } from "../io/node/clock.ts";
import { EXIT_DONE } from "./exit.ts";
import { printData } from "./paper.ts";
import { type Running, runningNow } from "./running.ts";

/** A walk asks a hundred times within a second: all of it is told of one moment. */
const KEPT_ms = 5_000;
/** snmpd does nothing else meanwhile, and those that ask it wait for a second. */
const PATIENCE_ms = 700;

/** A place in net-snmp's own tree for experiments ("netSnmpPlaypen"): branchline has no number of its own. */
export const SNMP_BASE = ".1.3.6.1.4.1.8072.9999.9999.5060";

/** Why a place in the tree is refused; undefined: it is fine. */
export function baseFault(text: string): string | undefined {
  return (oidOf(text)?.length ?? 0) < 2 ? `Must be an object identifier, such as ${SNMP_BASE}.` : undefined;
}

/** Answers until its standard input ends. @param base branchline's place in the tree */
export function speakSnmp(file: string, base: string): void {
  const place: Oid = oidOf(base) ?? [];
  const known = new KnownLeaves(file);
  let lines: string[] = [];
  const take = async (line: string) => {
    lines.push(line.trim());
    const request = passRequest(lines);
    if (request === undefined) return;
    lines = [];
    if (request.is === "end") process.exit(EXIT_DONE);
    printData(passAnswer(request, place, "oid" in request ? await known.leaves() : []));
  };
  // One after the other: answers come in the order of what was asked.
  let turn = Promise.resolve();
  const input = readline.createInterface({ input: process.stdin });
  input.on("line", (line) => {
    turn = turn.then(() => take(line));
  });
  input.on("close", () => turn.then(() => process.exit(EXIT_DONE)));
}

/** What the running branchline has told, for some seconds. */
class KnownLeaves {
  private readonly file: string;
  private running: Running | undefined = undefined;
  private told: readonly Leaf[] = [];
  private told_ms = Number.NEGATIVE_INFINITY;

  constructor(file: string) {
    this.file = file;
  }

  async leaves(): Promise<readonly Leaf[]> {
    if (monotonic_ms() - this.told_ms < KEPT_ms) return this.told;
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<Leaf[]>((resolve) => {
      timer = setTimeout(() => resolve(silentTree(`branchline gives no answer within ${PATIENCE_ms} ms`)), PATIENCE_ms);
    });
    this.told = await Promise.race([this.ask(), late]);
    clearTimeout(timer);
    this.told_ms = monotonic_ms();
    return this.told;
  }

  private async ask(): Promise<Leaf[]> {
    try {
      const known = this.running && (await this.askAt(this.running));
      if (known !== undefined) return known;
      const found = await runningNow(this.file);
      if (typeof found === "string") return silentTree(found);
      this.running = found;
      return (await this.askAt(found)) ?? silentTree("branchline has just ended");
    } catch (error) {
      return silentTree(reasonOf(error));
    }
  }

  /** Undefined: it is gone. @throws when it refuses, or can't be asked */
  private async askAt(running: Running): Promise<Leaf[] | undefined> {
    const [now, past] = await Promise.all([
      running.askWhileThere({ command: "readiness" }),
      // Of the history only its counts are wanted.
      running.askWhileThere({ command: "history", past_s: 1 }),
    ]);
    const readiness = now?.readiness;
    const history = past?.history?.counts;
    if (now === undefined || readiness === undefined || history === undefined) return undefined;
    return snmpTree({ status: now.status, readiness, history, secondsOf });
  }
}
