/** Files for a single key: with what the mappings around it can't do without. */

/** What a mapping can't do without. */
const REQUIRED: Readonly<Record<string, object>> = {
  "": { listen: ["udp:10.222.237.1", "tls:10.222.237.1"], localnet: ["10.222.237.0/24"] },
  listen: { address: "tls:eth0" },
  tls: { certificate: "a.pem", key: "a.key" },
  gateways: { uri: "sip:10.10.1.3" },
  "gateways.rewrite.called": { match: "^0", replace: "" },
  "gateways.rewrite.calling": { match: "^0", replace: "" },
  upstream: { hold: "0s" },
  "upstream.targets": { uri: "sip:198.51.100.10" },
  emergency: { numbers: ["112"] },
  "carriers.NAME": { prefixes: ["00"], gateways: ["10.10.1.3"] },
  cluster: {
    name: "left",
    members: { left: "10.10.9.1", right: "10.10.9.2" },
    secret: "cluster-secret",
    shared: ["10.222.237.1"],
  },
  "cluster.shared": { address: "10.222.237.1" },
  http: { listen: "10.222.237.1" },
  events: { file: "events.jsonl" },
  hooks: { run: "tell.sh" },
  records: { file: "calls.csv" },
  hep: { to: "10.10.9.1" },
  drill: { phones: ["201"], at: "Sun 05:00" },
  "hunt_groups.NAME": { members: ["201"] },
};

/** Keys that need another one beside them. */
const BESIDE: Readonly<Record<string, object>> = {
  carriers: { gateways: ["sip:10.10.1.3"] },
  emergency: { gateways: [{ uri: "sip:10.10.1.3", channels: 2_000 }] },
};

const ANYCAST_CLUSTER = {
  mode: "anycast",
  name: "node1",
  members: { node1: "10.205.205.11", node2: "10.205.205.12", node3: "10.205.205.13" },
  secret: "cluster-secret",
};

/** The same where the value needs mode anycast. */
const REQUIRED_IN_ANYCAST: typeof REQUIRED = {
  "": {
    listen: { address: "udp:10.206.206.1", anycast: true },
    localnet: ["10.204.204.0/24"],
    cluster: ANYCAST_CLUSTER,
  },
  listen: { address: "udp:10.206.206.1" },
  cluster: ANYCAST_CLUSTER,
  "cluster.route": { announce: "birdc enable anycast", withdraw: "birdc disable anycast" },
};

function isOfAnycast(path: string, value: unknown): boolean {
  if (path === "listen.anycast") return value === true;
  return path === "cluster.mode" ? value === "anycast" : /^cluster\.(route|log_calls)/.test(path);
}

/** A file with that value, as JSON, and what else the mappings around it need; the same without it when it is undefined. */
export function fileWith(path: string, value: unknown): string {
  const segments = path.split(".");
  const [top = ""] = segments;
  const isAnycast = isOfAnycast(path, value);
  const required = isAnycast ? REQUIRED_IN_ANYCAST : REQUIRED;
  const make = (depth: number): unknown => {
    const key = segments[depth];
    if (key === undefined) return value;
    return { ...required[segments.slice(0, depth).join(".")], [key]: make(depth + 1) };
  };
  const tls = isAnycast ? {} : { tls: REQUIRED["tls"] };
  return JSON.stringify({ ...tls, ...BESIDE[top], ...(make(0) as object) });
}
