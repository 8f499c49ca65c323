/**
 * A pair on the loopback of one router: "left" is the package's branchline, "right" is another life of the same program. They share an address of
 * loopback, which the first member that is active takes, so no VRRP is needed.
 */
import type { Subnet } from "../../peers/support/addresses.ts";

const SECRET = "0123456789abcdef".repeat(2);
/** In memory: nothing of it is the package's. */
const FOLDER = "/tmp/pair";

/** What a router of these tests can do. */
export interface Box {
  /** By its shell; throws when it fails. */
  ok(command: string): string;
  becomes(command: string): Promise<void>;
  write(path: string, text: string): void;
}

export interface PairPlace {
  readonly subnet: Subnet;
  /** The package's folder with run.sh. */
  readonly program: string;
  /** Of the package, and of its state; undefined: the default. */
  readonly config: string;
  readonly state?: string;
  readonly node: string;
}

/** Asks the shared address 20 times a second, each question again after 0.5 s, 1 s, 1.5 s; counts the ones without an answer. */
const CALLER = `
const fs = require("fs");
const [folder, to, from] = process.argv.slice(2);
const socket = require("dgram").createSocket("udp4");
const open = new Map();
let asked = 0, lost = 0;
socket.on("message", (wire) => open.delete(/Call-ID: *(\\d+)/i.exec(String(wire))[1]));
socket.on("error", () => {});
socket.bind(0, from, () => {
  const { port } = socket.address();
  const send = (id) => socket.send(["OPTIONS sip:" + to + " SIP/2.0", "Via: SIP/2.0/UDP " + from + ":" + port + ";branch=z9hG4bK" + id + ";rport",
    "Max-Forwards: 70", "From: <sip:phone@" + from + ">;tag=1", "To: <sip:" + to + ">", "Call-ID: " + id, "CSeq: 1 OPTIONS",
    "Content-Length: 0", "", ""].join("\\r\\n"), 5060, to);
  const again = (id, tries) => {
    if (!open.has(id)) return;
    if (tries === 0) { open.delete(id); lost += 1; return; }
    send(id);
    setTimeout(() => again(id, tries - 1), 500);
  };
  const timer = setInterval(() => {
    if (fs.existsSync(folder + "/enough")) {
      if (open.size > 0) return;
      clearInterval(timer);
      fs.writeFileSync(folder + "/asked", asked + " asked, " + lost + " lost");
      process.exit();
    }
    asked += 1;
    open.set(String(asked), true);
    again(String(asked), 4);
  }, 50);
});
`;

/** The configuration of a member. */
function memberYaml(name: "left" | "right", { subnet, state }: PairPlace): string {
  const own = { left: subnet.host(2), right: subnet.host(3) };
  return `# The pair's.
listen: [udp:${subnet.host(1)}:5060, udp:${own[name]}:5060]
localnet: [${subnet.network(0)}]
upstream: sip:${subnet.host(14)}
state: ${name === "left" ? (state ?? "state") : `${FOLDER}/state`}
cluster:
  name: ${name}
  members: {left: ${own.left}, right: ${own.right}}
  secret: ${FOLDER}/secret
  shared: [${subnet.host(1)}]
  health_file: ${FOLDER}/${name}.healthy
`;
}

export class LoopbackPair {
  private readonly box: Box;
  private readonly place: PairPlace;

  /** Writes the package's configuration, and starts nothing. */
  constructor(box: Box, place: PairPlace) {
    this.box = box;
    this.place = place;
    box.ok(`mkdir -p ${FOLDER}/state && umask 77 && echo ${SECRET} >${FOLDER}/secret`);
    const files = {
      "left.yaml": memberYaml("left", place),
      "right.yaml": memberYaml("right", place),
      "caller.js": CALLER,
    };
    for (const [name, text] of Object.entries(files)) box.write(`/usr/src/${name}`, text);
    box.ok(`cp /usr/src/right.yaml ${FOLDER}; cp /usr/src/left.yaml ${place.config}`);
  }

  /** Once left has the address: the other member, and phones that ask all the time. */
  async begin(): Promise<void> {
    const { box } = this;
    const { subnet, program, node } = this.place;
    await this.is("left", /Pair: left is active .*; it holds /);
    box.ok(`${program}/run.sh ${FOLDER}/right.yaml </dev/null >${FOLDER}/right.log 2>&1 &`);
    await this.is("left", /Member right .*: active/);
    box.ok(`${node} /usr/src/caller.js ${FOLDER} ${subnet.host(1)} ${subnet.host(9)} </dev/null >/dev/null 2>&1 &`);
  }

  /** @returns "N asked, 0 lost", once all has its answer or none */
  async end(): Promise<string> {
    await this.is("right", /Pair: right is active .*; it holds /);
    await this.is("left", /Pair: left is active .*; right holds /);
    this.box.ok(`touch ${FOLDER}/enough`);
    await this.box.becomes(`[ -s ${FOLDER}/asked ]`);
    return this.box.ok(`cat ${FOLDER}/asked`).trim();
  }

  /** What right has lived through: that it got the address, or lost it, and that left said that it stops. */
  get fate(): readonly string[] {
    const log = this.box.ok(`cat ${FOLDER}/right.log`);
    const found = log.matchAll(/shared_address .*is_here=(?<isHere>\w+)|cluster_member_left/g);
    return [...found].map(({ groups }) =>
      groups?.["isHere"] === undefined ? "left stops" : `holds=${groups["isHere"]}`,
    );
  }

  /** Waits until `branchline status` of a member says so, in one line. */
  private async is(name: "left" | "right", pattern: RegExp): Promise<void> {
    const { program, config } = this.place;
    const file = name === "left" ? config : `${FOLDER}/right.yaml`;
    const status = `${program}/run.sh --command status -c ${file} | tr -s '\\n ' ' '`;
    await this.box.becomes(`${status} | grep -q '${pattern.source}'`);
  }
}
