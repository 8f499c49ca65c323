/** The routing daemons of an anycast network: what each is told, and that it runs. */
import { chmodSync, chownSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { Child } from "./child.ts";
import { defer } from "./cleanup.ts";
import type { Namespace } from "./namespace.ts";
import { temporaryFolder } from "./temporary-folder.ts";

/** bgp: there within a second, since OSPF may change what it has said only every 5 s (RFC 2328, MinLSInterval). */
export type Protocol = "bgp" | "ospf";

/** Hosts of the network between router and nodes. */
export interface Neighbours {
  readonly router: string;
  readonly nodes: readonly string[];
}

const BFD = "min rx interval 100 ms; min tx interval 100 ms; multiplier 3;";
const AREA_TIMES = "hello 1; dead 4; wait 2;";
const SESSION = "bfd on; connect delay time 1; connect retry time 1; error wait time 1, 1; hold time 3;";
export const ROUTER_AS = 65_000;
const NODES_AS = 65_001;

/** BIRD, until the test ends. */
export class Bird {
  /** Where birdc reaches it. */
  readonly socket: string;
  private readonly space: Namespace;
  private readonly folder = temporaryFolder();
  private child: Child | undefined = undefined;

  constructor(space: Namespace) {
    this.space = space;
    this.socket = join(this.folder, "bird.ctl");
    defer(() => this.stop());
  }

  async start(config: string): Promise<void> {
    const file = join(this.folder, "bird.conf");
    writeFileSync(file, config);
    const words = ["-f", "-c", file, "-s", this.socket, "-P", join(this.folder, "bird.pid")];
    this.child = new Child("bird", words, { namespace: this.space.name });
    await this.child.line(/<INFO> Started/);
  }

  async stop(signal?: NodeJS.Signals): Promise<void> {
    const { child } = this;
    this.child = undefined;
    await child?.stop(signal);
  }
}

/** For a router that has the anycast route with a next hop for each node that announces it. */
export function birdOfRouter({ router, nodes }: Neighbours, protocol: Protocol): string {
  const sessions = nodes.map(
    (node, index) => `
protocol bgp node${index + 1} {
  local ${router} as ${ROUTER_AS}; neighbor ${node} as ${NODES_AS}; ${SESSION}
  ipv4 { import all; export none; };
}`,
  );
  const area = `
protocol ospf v2 nodes {
  ecmp yes limit 16; merge external yes;
  ipv4 { import all; };
  area 0 { interface "srv" { type broadcast; ${AREA_TIMES} priority 10; bfd yes; }; };
}`;
  return `log stderr all;
router id ${router};
protocol device { }
protocol kernel { ipv4 { export where net.len = 32; }; merge paths on; }
protocol bfd { interface "*" { ${BFD} }; }
${protocol === "bgp" ? sessions.join("") : area}
`;
}

/** FRR's daemons on the router, by OSPF, until the test ends. */
export function startFrr(space: Namespace, { router }: Neighbours): void {
  const folder = temporaryFolder();
  chmodSync(folder, 0o755);
  const own = join(folder, "frr");
  mkdirSync(own);
  const user = (flag: string) => Number(space.output("id", flag, "frr"));
  chownSync(own, user("-u"), user("-g"));
  const configs = {
    zebra: "hostname router\n",
    bfdd: "bfd\n profile fast\n  transmit-interval 100\n  receive-interval 100\n",
    ospfd: `interface srv
 ip ospf hello-interval 1
 ip ospf dead-interval 4
 ip ospf priority 10
 ip ospf bfd
 ip ospf bfd profile fast
router ospf
 ospf router-id ${router}
 timers throttle spf 10 50 200
 maximum-paths 16
 network ${router}/24 area 0.0.0.0
`,
  };
  for (const [daemon, config] of Object.entries(configs)) {
    const at = (name: string) => join(own, name);
    writeFileSync(at(`${daemon}.conf`), config);
    const words = ["-f", at(`${daemon}.conf`), "-i", at(`${daemon}.pid`), "-z", at("zserv.api"), "--vty_socket", own];
    words.push("-A", "127.0.0.1", "--log", "stdout", ...(daemon === "bfdd" ? ["--bfdctl", at("bfdd.sock")] : []));
    const child = new Child(`/usr/lib/frr/${daemon}`, words, { namespace: space.name });
    defer(() => child.stop());
  }
}
