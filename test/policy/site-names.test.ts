/** Which names mean this proxy, and which never do. */
import { describe, expect, it } from "vitest";
import { loadConfig } from "../../src/app/config/load-config.ts";
import { SiteNames } from "../../src/policy/door/site-names.ts";
import type { Upstreams } from "../../src/policy/peers/upstreams.ts";
import type { Bindings } from "../../src/policy/phones/bindings.ts";
import type { LearnedNames } from "../../src/proxy/learned-names.ts";

const FILE = `
listen: [udp:192.0.2.1:5060, tls:192.0.2.1:5061]
localnet: [192.0.2.0/24]
upstream: sip:pbx.example.com
tls: {certificate: c.pem, key: k.pem}
`;

interface World {
  readonly yaml?: string;
  readonly certificate?: readonly string[];
  readonly learned?: readonly string[];
  readonly domains?: readonly string[];
  readonly upstream?: readonly string[];
}

function namesOf({ yaml = "", certificate = [], learned = [], domains = [], upstream = ["pbx.example.com"] }: World) {
  const { config, problems } = loadConfig(
    `${FILE}${yaml}`,
    (path) => path,
    undefined,
    undefined,
    () => certificate,
  );
  expect(problems).toEqual([]);
  const dns = { isOurs: (host: string) => learned.includes(host) } as unknown as LearnedNames;
  const upstreams = { isHost: (host: string) => upstream.includes(host) } as unknown as Upstreams;
  const bindings = { hasDomain: (host: string) => domains.includes(host) } as unknown as Bindings;
  return new SiteNames(config.site, dns, upstreams, bindings);
}

describe("names that mean us", () => {
  it("those of the file, in whichever spelling it has them", () => {
    const { stated } = namesOf({ yaml: "names: [Branch.Example.COM, sip.branch.example.com]\n" });
    expect([...stated]).toEqual(["branch.example.com", "sip.branch.example.com"]);
  });

  it("those of the certificate and of DNS", () => {
    const names = namesOf({ certificate: ["branch.example.com"], learned: ["router.example.net"] });
    expect(["branch.example.com", "router.example.net", "other.example.com"].map((one) => names.isOurs(one))).toEqual([
      true,
      true,
      false,
    ]);
  });
});

describe("names that never do", () => {
  it.each([
    ["the certificate", { certificate: ["pbx.example.com"] }],
    ["DNS", { learned: ["pbx.example.com"] }],
    ["both", { certificate: ["pbx.example.com"], learned: ["pbx.example.com"] }],
  ])("upstream's, whatever %s says", (_, world) => {
    expect(namesOf(world).isOurs("pbx.example.com")).toBe(false);
  });

  it("upstream's can't be among the names of the file", () => {
    const { problems } = loadConfig(`${FILE}names: [pbx.example.com]\n`, (path) => path);
    expect(problems).toHaveLength(1);
  });

  it.each([{ certificate: ["voice.example.com"] }, { learned: ["voice.example.com"] }])(
    "a domain in which phones are registered: %o",
    (world) => {
      const upstream: string[] = [];
      expect(namesOf({ ...world, upstream }).isOurs("voice.example.com")).toBe(true);
      expect(namesOf({ ...world, upstream, domains: ["voice.example.com"] }).isOurs("voice.example.com")).toBe(false);
    },
  );
});
