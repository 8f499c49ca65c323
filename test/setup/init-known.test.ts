/** What `branchline init` takes from a branchline that runs on this router. */
import { describe, expect, test } from "vitest";
import type { RegisteredContact, RunningStatus } from "../../src/app/control.ts";
import { type Beside, besideOf, besideText } from "../../src/setup/init/beside.ts";
import { readNetwork } from "../../src/setup/init/network.ts";
import { propose } from "../../src/setup/init/proposal.ts";
import { EDGEROUTER_4 } from "./routers.ts";

const peer = (name: string) => ({ name, state: "up", observed: "up" });

function running(site: Partial<RunningStatus>): RunningStatus {
  const none = { dropped: {}, tables: [], history: [], phones: { addresses: 0, contacts: 0 } };
  const { upstream = [], gateways = [] } = site;
  return { version: "0", up_s: 1, listen: [], force: "auto", ...none, ...site, upstream, gateways };
}

function contact(name: string, from: string): RegisteredContact {
  return { name, contact: `sip:${name}`, from, transport: "udp", left_s: 60 };
}

/** What is proposed where these run on the router, and what their phones have told. */
function proposed(key: "upstream" | "gateways" | "localnet" | "members", ...beside: readonly Beside[]): string[] {
  const heard = beside.flatMap(({ phones }) => phones);
  const draft = key === "members" ? { localnet: ["10.1.20.0/24"] } : {};
  return propose(key, { network: readNetwork(EDGEROUTER_4), heard, beside }, draft);
}

describe("a running branchline's knowledge", () => {
  test("its peers are URIs, with port and transport", () => {
    const one = besideOf(
      running({
        upstream: [peer("pbx.example.com"), peer("[2001:db8::1]:5070;transport=tcp")],
        gateways: [{ ...peer("10.10.1.3:5062"), calls: 0, channels: undefined }],
      }),
      [],
    );
    expect(proposed("upstream", one)).toEqual(["sip:pbx.example.com", "sip:[2001:db8::1]:5070;transport=tcp"]);
    expect(proposed("gateways", one)).toEqual(["sip:10.10.1.3:5062"]);
  });

  test("where each phone's own domain is asked, a domain that all phones have is upstream, one of several isn't", () => {
    const calls_go_to = { role: "upstream" as const, peers: [] };
    const status = running({ upstream: [peer("a.example"), peer("b.example")], calls_go_to });
    const phone = contact("201@a.example", "10.1.20.21:5060");
    expect(proposed("upstream", besideOf(status, [phone]))).toEqual(["sip:a.example"]);
    const other = contact("202@b.example", "10.1.20.22:5060");
    expect(proposed("upstream", besideOf(status, [phone, other]))).toEqual([]);
  });

  test("its phones tell networks and extensions; names that no hunt group takes are left out", () => {
    const one = besideOf(running({}), [
      contact("201@pbx.example.com", "10.1.20.21:5060"),
      contact("a%20b@pbx.example.com", "10.1.20.22:5060"),
      contact("pbx.example.com", "10.1.20.23:5060"),
    ]);
    expect(one.phones.map(({ user }) => user)).toEqual(["201"]);
    expect(proposed("localnet", one)).toEqual(["10.1.20.0/24"]);
    expect(proposed("members", one)).toEqual(["201"]);
  });

  test("the network of a gateway's box, whose FXS ports are registered, isn't the phones'", () => {
    const gateways = [{ ...peer("10.10.1.3"), addresses: ["10.10.1.3"], calls: 0, channels: 4 }];
    const contacts = [contact("801@pbx.example.com", "10.10.1.3:5060"), contact("201@pbx.example.com", "10.1.20.21:1")];
    expect(proposed("localnet", besideOf(running({ gateways }), contacts))).toEqual(["10.1.20.0/24"]);
  });

  test("where it listens is what it has now; a listener without an address hears nobody", () => {
    const listen = [
      { name: "udp:lan0:5060", address: "10.1.20.1" },
      { name: "udp:ppp0:5060", address: null },
      { name: "tls:10.1.20.1:5061", address: "10.1.20.1" },
    ];
    expect(besideOf(running({ listen }), []).ears).toEqual([{ address: "10.1.20.1", port: 5060 }]);
  });

  test("an older version, which tells less, is understood", () => {
    const gateways = [{ ...peer("10.10.1.3"), calls: 0, channels: undefined }];
    const one = besideOf(running({ gateways }), []);
    expect(one).toMatchObject({ file: "", gatewayAddresses: ["10.10.1.3"] });
    expect(besideText(one)).toBe(
      "branchline runs here already. Taken from it: gateway 10.10.1.3, no registered phone.",
    );
  });
});
