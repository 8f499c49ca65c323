/** `server_header`: the field Server in responses that are ours, and in no others (RFC 3261 §20.35). */
import { describe, expect, it } from "vitest";
import { faults, LEAST } from "../app/files.ts";
import { header, statusOf } from "../sip/message.ts";
import type { Actor } from "../support/actor.ts";
import { LAN, PBX, PHONE, SITE_YAML, Site, STRANGER, WAN } from "../support/site.ts";

const NAMED = `${SITE_YAML}server_header: branchline-01\n`;

/** All that it has got, by status, with the field Server. */
function servers({ received }: Actor): (readonly [status: number, server: string | undefined])[] {
  return received.flatMap(({ message }) => {
    const status = statusOf(message);
    return status === 0 ? [] : [[status, message.headers.get("server")?.[0]] as const];
  });
}

/** A call that the PBX answers with 486, with a field of its own. */
function busyCall(site: Site): Actor {
  const phone = site.actor("phone", PHONE, LAN);
  const pbx = site.actor("pbx", PBX, WAN);
  pbx.habits.set("INVITE", [{ status: 180 }, { status: 486, after_ms: 100, extra: ["Server: pbx"] }]);
  site.run(100);
  phone.request("INVITE", "sip:5550100@pbx.example.com");
  site.run(1_000);
  return phone;
}

describe("the field Server", () => {
  it("is in our own responses, and those that are forwarded stay as they are", () => {
    const phone = busyCall(new Site(NAMED));
    expect(servers(phone)).toEqual([
      [100, "branchline-01"],
      [180, undefined],
      [486, "pbx"],
    ]);
  });

  it("is nowhere without the key", () => {
    const phone = busyCall(new Site(SITE_YAML));
    expect(servers(phone)).toEqual([
      [100, undefined],
      [180, undefined],
      [486, "pbx"],
    ]);
  });

  it("comes and goes with a reload", () => {
    const site = new Site(SITE_YAML);
    const phone = site.actor("phone", PHONE, LAN);
    const options = () => {
      phone.request("OPTIONS", `sip:${LAN.address}`);
      site.run(100);
      return header(phone.got(200), "server");
    };
    site.run(100);
    site.reload(NAMED);
    expect(options()).toBe("branchline-01");
    phone.received.length = 0;
    site.reload(NAMED.replace("branchline-01", "branchline-01 lab/2"));
    expect(options()).toBe("branchline-01 lab/2");
  });

  it("is in answers without a transaction, but tells strangers nothing", () => {
    const site = new Site(`${NAMED}strangers: reject\n`);
    const phone = site.actor("phone", PHONE, LAN);
    const stranger = site.actor("stranger", STRANGER, WAN);
    site.run(100);
    phone.request("CANCEL", `sip:nobody@${LAN.address}`);
    stranger.request("OPTIONS", `sip:${WAN.address}`, [`Subject: ${"x".repeat(300)}`]);
    site.run(100);
    expect(servers(phone)).toEqual([[481, "branchline-01"]]);
    expect(servers(stranger)).toEqual([[403, undefined]]);
  });
});

describe("the key server_header", () => {
  const told = (value: string) =>
    faults(`${LEAST}server_header: ${value}\n`).map((fault) => fault.replace(/^.*?: /, ""));

  it.each(["branchline-01", "branchline/0.3 router-7", "1.0", "a~b`c'd"])("may be %s", (value) => {
    expect(told(value)).toEqual([]);
  });

  it.each([
    '"a\\r\\nContact: <sip:me@example.com>"',
    '"a\\n b"',
    "a/b/c",
    "a@b",
    "größe",
    "a (b)",
    '"a  b"',
    '""',
    "[a]",
  ])("may not be %s", (value) => {
    expect(told(value)).toHaveLength(1);
  });

  it("has a bound", () => {
    expect(told("a".repeat(64))).toEqual([]);
    expect(told("a".repeat(65))).toEqual(["has 65 characters; 64 are the most, since each response has it"]);
  });
});
