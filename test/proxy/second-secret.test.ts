/** While the secret of a pair changes, one member makes tokens and branches by the new one, and the other by the old one. */
import { describe, expect, test } from "vitest";
import type { Mac } from "../../src/base/ports.ts";
import { Tokens } from "../../src/proxy/tokens.ts";
import { branchIdsBy } from "../../src/transaction/branch-id.ts";
import { OwnListener } from "../../src/transport/own-listener.ts";
import { request } from "../support/messages.ts";

const listener = new OwnListener(0, { protocol: "udp", at: "192.0.2.1", version: 4, port: 5060, advertise: undefined });
const tcp = new OwnListener(1, { protocol: "tcp", at: "192.0.2.1", version: 4, port: 5060, advertise: undefined });
const listeners = [listener, tcp];
const flow = { listener, address: "10.0.0.7", port: 5060 };
const clock = () => 1_000_000;
const macBy =
  (secret: string): Mac =>
  (text) => {
    let sum = 7;
    for (const character of `${secret} ${text}`) sum = (sum * 31 + character.charCodeAt(0)) % 0x7fffffff;
    return sum.toString(36).padEnd(16, "0");
  };
const [before, after] = [macBy("old"), macBy("new")];
const call = request({ method: "INVITE", headers: ["Call-ID: one"] });

describe("what the old secret has made is good while that is the second one", () => {
  const old = new Tokens(before, listeners, clock);
  const both = new Tokens(after, listeners, clock, before);
  const alone = new Tokens(after, listeners, clock);

  test("a Path, and a Contact that stands for a phone", () => {
    const [path, contact] = [old.forFlow(flow), old.forContact(flow, "201")];
    expect([both.readFlow(path), both.isOurs(path, "")]).toEqual([flow, true]);
    expect(both.readContact(contact)).toEqual({ flow, user: "201" });
    expect([alone.readFlow(path), alone.isOurs(path, ""), alone.readContact(contact)]).toEqual([
      undefined,
      false,
      undefined,
    ]);
  });

  test("a dialog, that of a gateway, and the way to a side of it", () => {
    const way = { side: "a", flow: { listener: tcp, address: "10.0.0.8", port: 40_000, isAccepted: true } } as const;
    for (const touchesGateway of [false, true]) {
      const token = old.forDialog(call, touchesGateway, way);
      const kind = touchesGateway ? "gateway-dialog" : "dialog";
      expect([both, alone].map((tokens) => tokens.readDialog(token, call.callId))).toEqual([kind, undefined]);
      expect(both.readWay(token, call)).toEqual(old.readWay(token, call));
    }
    const token = old.forDialog(call, true);
    expect(both.readGatewayDialog(token, call)).toEqual({ age_s: 0, hasTag: true });
    expect(both.readDialog(`${token}x`, call.callId)).toBe(undefined);
  });

  test("what is made is made by the new one", () => {
    expect(both.forFlow(flow)).toBe(alone.forFlow(flow));
    expect(old.readFlow(both.forFlow(flow))).toBe(undefined);
  });

  test("a branch", () => {
    const random = { token: (length: number) => "x".repeat(length), fraction: () => 0 };
    const branch = branchIdsBy({ mac: before, random }).next("0");
    const [withSecond, without] = [{ secondMac: before }, {}].map((more) =>
      branchIdsBy({ mac: after, random, ...more }),
    );
    expect([withSecond?.isFromElsewhere(branch), without?.isFromElsewhere(branch)]).toEqual([true, false]);
  });
});
