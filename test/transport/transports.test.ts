/** The table of transports: its rows are complete, and every text that names one is read by it. */
import { describe, expect, test } from "vitest";
import { loadConfig } from "../../src/app/config/load-config.ts";
import { parseSipUri } from "../../src/message/uri.ts";
import { parseVia } from "../../src/message/via.ts";
import { hopBack } from "../../src/proxy/forward-response.ts";
import { Tokens } from "../../src/proxy/tokens.ts";
import {
  DIALLED,
  defaultPort,
  isReliable,
  type Listener,
  PROTOCOLS,
  type Protocol,
  protocolOf,
  protocolOfVia,
  restoreFlow,
  saveFlow,
  splitProtocol,
  TRANSPORTS,
} from "../../src/transport/flow.ts";
import { hopOf } from "../../src/transport/locator.ts";
import { abilitiesOf, nextHops, type RecordsOf } from "../../src/transport/next-hops.ts";
import { ownUri, viaLine } from "../../src/transport/own-names.ts";
import { listenersTowards } from "../../src/transport/sending-listener.ts";

const ADDRESS = "10.222.237.1";

function listener(protocol: Protocol): Listener {
  const [index, port] = [PROTOCOLS.indexOf(protocol), defaultPort(protocol)];
  return { index, protocol, transport: TRANSPORTS[protocol], address: ADDRESS, port, sentBy: `${ADDRESS}:${port}` };
}

const listeners = PROTOCOLS.map(listener);

describe("the table", () => {
  test("puts first what DNS is to choose first", () => {
    expect(PROTOCOLS.slice(0, 3)).toEqual(["udp", "tcp", "tls"]);
  });

  test.each([
    ["udp", 5060],
    ["tcp", 5060],
    ["tls", 5061],
  ] as const)("has %s at port %i", (protocol, port) => {
    expect(defaultPort(protocol)).toBe(port);
  });

  test("tells its rows apart by name in Via, letter and NAPTR service", () => {
    for (const column of ["via", "letter", "naptr"] as const) {
      const values = PROTOCOLS.map((one) => TRANSPORTS[one][column]);
      expect(new Set(values).size).toBe(PROTOCOLS.length);
    }
  });

  test.each(PROTOCOLS)("has a whole row for %s", (protocol) => {
    const row = TRANSPORTS[protocol];
    expect(protocol).toMatch(/^[a-z]+$/);
    expect(row.via).toMatch(/^[A-Z]+$/);
    expect(row.letter).toMatch(/^[a-z]$/);
    expect(row.port).toBeGreaterThan(0);
    expect(row.srv).toMatch(/^_sips?\._[a-z]+\.$/);
    expect(row.naptr).toMatch(/^SIPS?\+D2[A-Z]$/);
    expect(row.isReliable).toBe(row.layer === "tcp");
    expect(row.isStream && !row.isReliable).toBe(false);
    expect(row.framer !== undefined).toBe(row.isReliable);
  });

  test("dials by no transport that peers alone open, neither by DNS nor by address", () => {
    const { tcp } = TRANSPORTS;
    const [udp, accepting] = [listener("udp"), { ...listener("tcp"), transport: { ...tcp, isDialled: false } }];
    expect(abilitiesOf([udp, accepting]).protocols).toEqual(["udp"]);
    expect(listenersTowards({ address: "192.0.2.7", port: 5060, protocol: "tcp" }, [udp, accepting])).toEqual([]);
    expect(DIALLED).toEqual(PROTOCOLS.filter((one) => TRANSPORTS[one].isDialled));
  });

  test.each(["", "sctp", "UDP", "udp ", "constructor", "__proto__", "toString"])("has no row for %j", (name) => {
    expect(protocolOf(name)).toBeUndefined();
    expect(splitProtocol(`${name}:10.222.237.1:5060`)).toBeUndefined();
  });

  test.each(["", "SCTP", "udp", "constructor"])("knows no Via of %j", (name) => {
    expect(protocolOfVia(name)).toBeUndefined();
  });

  test.each(["udp", "udp5060", ":5060", ""])("finds no transport before a colon in %j", (text) => {
    expect(splitProtocol(text)).toBeUndefined();
  });
});

describe.each(PROTOCOLS)("%s is read where it is named", (protocol) => {
  const own = listener(protocol);
  const { via, letter, srv, naptr } = TRANSPORTS[protocol];

  test("in the file's listen, with and without a port", () => {
    expect(splitProtocol(`${protocol}:1.2.3.4:5070`)).toEqual({ protocol, rest: "1.2.3.4:5070" });
    for (const [text, port] of [
      [`${protocol}:${ADDRESS}`, defaultPort(protocol)],
      [`${protocol}:${ADDRESS}:5077`, 5077],
      [`${protocol}:eth0:5077`, 5077],
    ] as const) {
      const tls = "tls: {certificate: c.pem, key: k.pem}\n";
      const { config } = loadConfig(`listen: [${text}]\nlocalnet: [10.222.237.0/24]\n${tls}`, String);
      const settings = config?.listeners[0]?.settings ?? {};
      expect(settings).toMatchObject({ protocol, at: text.split(":")[1], port });
      expect(config?.listeners[0]?.transport).toBe(TRANSPORTS[protocol]);
    }
  });

  test("in a URI of ours", () => {
    const uri = parseSipUri(ownUri(own, "p", { namesUdp: true }));
    expect(uri && hopOf(uri)).toEqual({ host: ADDRESS, port: own.port, protocol });
  });

  test("in a Via of ours", () => {
    const line = viaLine(own, "z9hG4bK1").trimEnd();
    const parsed = parseVia(line, "Via: ".length, line.length);
    expect(parsed?.transport).toBe(via);
    expect(parsed && hopBack(parsed).protocol).toBe(protocol);
  });

  test("in a token, which leads back to the flow", () => {
    const tokens = new Tokens((text) => `mac${text.length}`, listeners);
    const flow = { listener: listeners[own.index] ?? own, address: "10.222.237.21", port: 40_000 };
    const token = tokens.forFlow(flow);
    expect(token.split("~")[1]).toBe(letter);
    expect(tokens.readFlow(token)).toEqual(isReliable(flow) ? { ...flow, isAccepted: true } : flow);
  });

  test("in the file of bindings", () => {
    const flow = { listener: listeners[own.index] ?? own, address: "10.222.237.21", port: 40_000 };
    const restored = restoreFlow(saveFlow(flow), listeners);
    expect(restored).toEqual(isReliable(flow) ? { ...flow, isAccepted: true } : flow);
  });

  test("in NAPTR and SRV records", () => {
    const asked: string[] = [];
    const found = nextHops(
      { host: "pbx.example.com", port: undefined, protocol: undefined },
      abilitiesOf([own]),
      <T extends keyof RecordsOf>(type: T, name: string): readonly RecordsOf[T][] => {
        asked.push(`${type} ${name}`);
        const records: Partial<Record<keyof RecordsOf, readonly unknown[]>> = {
          NAPTR: [{ order: 1, preference: 1, flags: "s", service: naptr, regexp: "", replacement: "srv.example.com" }],
          SRV: [{ priority: 1, weight: 1, port: 5099, target: "a.example.com" }],
          A: ["198.51.100.7"],
        };
        return (records[type] ?? []) as readonly RecordsOf[T][];
      },
    );
    // One by which nobody can be called isn't asked for.
    if (!TRANSPORTS[protocol].isDialled) {
      expect(asked.filter((question) => question.includes(srv))).toEqual([]);
      return;
    }
    expect(asked).toContain(`SRV ${srv}pbx.example.com`);
    expect(found?.flat().flatMap(({ items }) => items)).toEqual([{ address: "198.51.100.7", port: 5099, protocol }]);
  });
});
