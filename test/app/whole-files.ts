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

/** A file with that value, as JSON, and what else the mappings around it need; the same without it when it is undefined. */
export function fileWith(path: string, value: unknown): string {
  const segments = path.split(".");
  const [top = ""] = segments;
  const make = (depth: number): unknown => {
    const key = segments[depth];
    if (key === undefined) return value;
    return { ...REQUIRED[segments.slice(0, depth).join(".")], [key]: make(depth + 1) };
  };
  return JSON.stringify({ tls: REQUIRED["tls"], ...BESIDE[top], ...(make(0) as object) });
}
