/** doctor on forged sources where upstream may dial out. */
import { describe, expect, test } from "vitest";
import type { Facts } from "../../src/setup/doctor/facts.ts";
import { healthy, peer, told, UPSTREAM, YAML } from "./healthy.ts";

const MAY = YAML.replace(`upstream: sip:${UPSTREAM}`, `upstream: {targets: [sip:${UPSTREAM}], may_dial_out: true}`);
const filter = (device: string) => `/proc/sys/net/ipv4/conf/${device}/rp_filter`;
const files = (values: Readonly<Record<string, string>>) => ({
  files: Object.fromEntries(Object.entries(values).map(([device, value]) => [filter(device), value])),
});
const said = (change: Partial<Facts>, yaml = MAY) => told("dial-out", change, yaml);

describe("doctor: dial-out", () => {
  test("upstream may not dial out, or there is no gateway: nothing to gain", () => {
    const loose = files({ all: "0", eth0: "0", eth1: "0" });
    expect(said(loose, YAML)).toBe("ok only phones dial out at the gateways");
    expect(said(loose, MAY.replace(/gateways: .*/, ""))).toMatch(/^ok/);
  });

  test("it may, and the kernel takes forged sources: a warning with the cure, each device by its own", () => {
    expect(said(files({ all: "0", eth0: "0", eth1: "1" }))).toMatch(
      /^warning upstream may dial out, and eth0 accepts packets with forged addresses: a stranger .* over UDP dials out.*\nsysctl -w net\/ipv4\/conf\/eth0\/rp_filter=1\n# and, so that a reboot keeps it, .*\n# upstream by TLS/,
    );
    expect(said(files({ all: "2", eth0: "1", eth1: "1" }))).toMatch(
      /^warning .* eth0, eth1 accept packets .*\/all\/rp_filter=0/s,
    );
    expect(said({ ...files({ all: "0", eth0: "0" }), family: "edgeos" })).toContain("source-validation strict");
  });

  test("the phones' side doesn't matter: a phone may dial out anyway", () => {
    expect(said(files({ all: "0", eth0: "1", eth1: "1", switch0: "0" }))).toMatch(/^ok/);
  });

  test("only interfaces with an IPv4 address are judged: a bridge's ports have a link-local IPv6 address at most", () => {
    const ports = ["n1p2", "eth0", "switch0"].map((device) => ({ device, address: "fe80::1", cidr: "fe80::1/64" }));
    const addresses = [...healthy().addresses, ...ports];
    const text = said({ ...files({ all: "0", eth0: "0", eth1: "1", n1p2: "0", switch0: "0" }), addresses });
    expect(text).toContain("and eth0 accepts packets");
    expect(text).not.toMatch(/n1p2|switch0/);
  });

  test("the kernel refuses them: well, but for the way to upstream itself, unless that is a VPN", () => {
    const strict = files({ all: "1" });
    expect(said(strict)).toMatch(/^ok .*; what is forged on the way to upstream itself/);
    const addresses = [...healthy().addresses, { device: "wg0", address: "10.9.0.2", cidr: "10.9.0.2/24" }];
    expect(said({ ...strict, addresses, peers: [peer({ source: "10.9.0.2", local: "10.9.0.2" })] })).not.toContain(
      "way to upstream itself",
    );
  });

  test("without UDP nobody can forge", () => {
    const tcp = MAY.replace(
      "listen: [udp:10.222.237.1, udp:203.0.113.2, udp:10.10.1.1]",
      "listen: [tcp:10.222.237.1, tcp:203.0.113.2, tcp:10.10.1.1]",
    )
      .replace(`sip:${UPSTREAM}`, `"sip:${UPSTREAM};transport=tcp"`)
      .replace("sip:10.10.1.3", '"sip:10.10.1.3;transport=tcp"');
    expect(said(files({ all: "0", eth0: "0" }), tcp)).toMatch(/^ok .*without a udp: address/);
  });
});
