/** A phone and an upstream on real sockets: what a proxy between them does with one torture message after the other. */
import { PATIENCE_MS } from "../../support/machine.ts";
import { optionsTo, outcomeOf, responseTo } from "../../torture/torture-site.ts";
import type { Outcome, TortureMessage } from "../../torture/verdict.ts";
import { headerLines, isProbe, nameOf, sentByPort, statusOf } from "../../torture/wire-text.ts";
import { type Endpoint, hostPort } from "./addresses.ts";
import { defer } from "./cleanup.ts";
import { monotonic_ms, pause, until } from "./clock.ts";
import { type DatagramPort, openPort } from "./datagram-port.ts";

/** After the proxy's answer to what was sent behind the message, for what is on its way in other sockets and processes. */
const QUIET_MS = 30;
const MAGIC_COOKIE = "z9hG4bK";

export interface Places {
  readonly proxy: Endpoint;
  readonly phone: Endpoint;
  readonly upstream: Endpoint;
  readonly namespace?: string;
}

export class TortureRig {
  private readonly places: Places;
  private readonly answers: string[] = [];
  private readonly forwarded: string[] = [];
  private phone: DatagramPort | undefined;
  private asked = 0;

  private constructor(places: Places) {
    this.places = places;
  }

  /** Upstream says 200 to everything. */
  static async open(places: Places): Promise<TortureRig> {
    const rig = new TortureRig(places);
    const upstream = await openPort(
      places.upstream,
      (wire, from) => {
        if (!isProbe(wire)) rig.forwarded.push(wire);
        if (statusOf(wire) === 0) void upstream.send(responseTo(wire, 200), from);
      },
      places.namespace,
    );
    defer(() => upstream.close());
    rig.phone = await rig.listen(places.phone);
    return rig;
  }

  /** Once the proxy serves requests. */
  async ready(): Promise<void> {
    const end_ms = monotonic_ms() + PATIENCE_MS;
    while (!(await this.isAlive(500))) {
      if (monotonic_ms() > end_ms) throw new Error(`no answer from ${hostPort(this.places.proxy)}`);
    }
  }

  /** Sends the message, and behind it an OPTIONS that must be answered. */
  async outcome({ name, wire: original }: TortureMessage): Promise<Outcome> {
    const wire = this.withFreshBranch(original);
    const { phone, proxy, upstream } = this.places;
    const port = sentByPort(wire) ?? phone.port;
    const other = port === phone.port ? undefined : await this.listen({ host: phone.host, port });
    this.answers.length = 0;
    this.forwarded.length = 0;
    // The only name that a next hop has, and nobody here resolves it.
    await this.phone?.send(wire.replace("sip:services.example.com;", `sip:${hostPort(upstream)};`), proxy);
    // Twice: upstream's answer to what the proxy sends on comes behind the first, and before the second.
    for (let time = 0; time < 2; time++) {
      if (!(await this.isAlive(PATIENCE_MS))) throw new Error(`no answer to anything after ${name}`);
      await pause(QUIET_MS);
      await arrived();
    }
    await other?.close();
    const isIts = (seen: string) => marksOf(wire).every((marks) => marks.some((mark) => seen.includes(mark)));
    return outcomeOf(this.forwarded.filter(isIts), this.answers.filter(isIts));
  }

  /** The RFC gives several requests one branch: in a row they would be retransmissions of the first. */
  private withFreshBranch(wire: string): string {
    const branch = branchOf(wire);
    if (branch === undefined || branch === MAGIC_COOKIE) return wire;
    this.asked += 1;
    return wire.replace(branch, `${branch}.${this.asked}`);
  }

  private async isAlive(limit_ms: number): Promise<boolean> {
    const { phone, proxy } = this.places;
    this.asked += 1;
    const token = `alive${this.asked}x`;
    const at = ({ host, port }: Endpoint) => ({ address: host, port });
    await this.phone?.send(optionsTo(at(proxy), at(phone), token), proxy);
    try {
      await until(token, () => this.answers.some((wire) => wire.includes(token)), limit_ms);
      return true;
    } catch {
      return false;
    }
  }

  private async listen(at: Endpoint): Promise<DatagramPort> {
    const port = await openPort(at, (wire) => this.answers.push(wire), this.places.namespace);
    if (this.phone === undefined) defer(() => port.close());
    return port;
  }
}

/** On a busy machine a timer may end before what has come meanwhile is read: once round the event loop reads it. */
async function arrived(): Promise<void> {
  for (let turn = 0; turn < 3; turn++) await new Promise((resolve) => setImmediate(resolve));
}

/** What tells a message's copies and answers from those of others that are still repeated: its branch, its Call-IDs. */
function marksOf(wire: string): string[][] {
  const branch = branchOf(wire);
  const callIds = headerLines(wire).filter((line) => nameOf(line) === "call-id");
  const values = callIds.map((line) => line.slice(line.indexOf(":") + 1).trim());
  return [branch === undefined ? [] : [branch], values].filter((marks) => marks.length > 0);
}

function branchOf(wire: string): string | undefined {
  const via = headerLines(wire).find((line) => nameOf(line) === "via") ?? "";
  return /branch\s*=\s*([^;,\s]+)/.exec(via)?.[1];
}
