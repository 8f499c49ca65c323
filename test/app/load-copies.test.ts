/** The file's `registration.copies`: what it becomes, what is a fault of it, and what `check` says. */
import { describe, expect, test } from "vitest";
import { describe as describeConfig } from "../../src/app/config/describe.ts";
import { faults, load } from "./files.ts";

/** A file with these copies. */
function file(copies: unknown, more: Readonly<Record<string, unknown>> = {}): string {
  return JSON.stringify({
    listen: ["udp:10.222.237.1", "udp:10.222.237.2"],
    localnet: ["10.222.237.0/24"],
    upstream: "sip:198.51.100.10",
    gateways: ["sip:10.10.1.3"],
    registration: { copies },
    ...more,
  });
}

/** Without line and column. */
const faultsOf = (copies: unknown) => faults(file(copies)).map((fault) => fault.replace(/^\S+ /, ""));

function copiesOf(copies: unknown) {
  const { config, problems } = load(file(copies));
  expect(problems).toEqual([]);
  const { to, from } = config.site.registration.copies;
  return { to: to.map(({ text }) => text), from };
}

describe("copies of REGISTERs", () => {
  test("go nowhere and come from nobody unless the file says so", () => {
    const { config } = load(file(undefined).replace(',"registration":{}', ""));
    expect(config.site.registration.copies).toEqual({ to: [], from: [] });
    expect(copiesOf({ to: "sip:10.222.237.3" })).toEqual({ to: ["sip:10.222.237.3"], from: [] });
    expect(copiesOf({ from: "10.222.237.3" })).toEqual({ to: [], from: ["10.222.237.3"] });
  });

  test("may go to several places, by an address alone too, and addresses may be IPv6", () => {
    expect(
      copiesOf({
        to: ["sip:10.222.237.3:5070;transport=udp", "10.222.237.4", "sip:[fd00::3]"],
        from: ["10.222.237.3", "FD00::0003"],
      }),
    ).toEqual({
      to: ["sip:10.222.237.3:5070;transport=udp", "sip:10.222.237.4", "sip:[fd00::3]"],
      from: ["10.222.237.3", "fd00::3"],
    });
  });

  test.each([
    [{ to: "sip:backup.example.com" }, 'registration.copies.to: "sip:backup.example.com" must be a SIP URI with an'],
    [
      { to: "sip:201@10.222.237.3" },
      'registration.copies.to: "sip:201@10.222.237.3" must be a SIP URI with an address',
    ],
    [{ to: "sips:10.222.237.3" }, 'registration.copies.to: "sips:10.222.237.3" wants TLS'],
    [{ from: "10.222.237.0/24" }, 'registration.copies.from: "10.222.237.0/24" must be an IP address'],
    [{ from: ["half"] }, 'registration.copies.from[0]: "half" must be an IP address'],
    [{ from: "224.0.0.1" }, 'registration.copies.from: "224.0.0.1" must be an IP address'],
    [{ to: "sip:10.222.237.1" }, "registration: copies to or from 10.222.237.1, which is an address of listen"],
    [{ from: "10.222.237.2" }, "registration: copies to or from 10.222.237.2, which is an address of listen"],
    [{ from: "198.51.100.10" }, "registration: copies to or from 198.51.100.10, which is upstream"],
    [{ to: "sip:10.10.1.3" }, "registration: copies to or from 10.10.1.3, which is a gateway"],
    [{ to: "sip:10.222.237.3;transport=tcp" }, "wants TCP, and listen has no tcp: address; add one"],
    [{ too: "sip:10.222.237.3" }, "registration.copies.too: is not a key"],
    ["sip:10.222.237.3", "registration.copies: must be a mapping with the keys to, from"],
  ])("%j is a fault that is named", (copies, words) => {
    const [first = "", ...others] = faultsOf(copies);
    expect(first).toContain(words);
    expect(others).toEqual([]);
  });

  describe("in the file of a member of a pair", () => {
    const cluster = {
      name: "left",
      members: { left: "10.222.237.2", right: "10.222.237.3" },
      secret: "secret",
      shared: ["10.222.237.1"],
    };

    test.each([
      { to: "sip:10.222.237.3" },
      { from: ["10.222.237.3"] },
      { to: "sip:10.222.237.3", from: "10.222.237.3" },
    ])("%j, the other member, is a fault that says what does the same already", (copies) => {
      expect(faults(file(copies, { cluster })).map((fault) => fault.replace(/^\S+ /, ""))).toEqual([
        "registration: copies to or from 10.222.237.3, which is member right; members of cluster know each other's phones without copies, so remove this address",
      ]);
    });

    test("a third router is none", () => {
      expect(faults(file({ to: "sip:10.222.237.4", from: "10.222.237.4" }, { cluster }))).toEqual([]);
    });
  });

  test("are told by check, and that they are believed by an address alone", () => {
    const { config } = load(file({ to: ["sip:10.222.237.3"], from: ["10.222.237.3", "10.222.237.4"] }));
    const words = describeConfig(config);
    expect(words).toContain("Copies the REGISTER of each phone that has got 200 to sip:10.222.237.3.");
    expect(words).toContain(
      "Takes a REGISTER from 10.222.237.3 or 10.222.237.4 as a copy of a phone's, by that address alone, without a password.",
    );
    expect(describeConfig(load(file({ to: [], from: [] })).config)).not.toContain("cop");
  });
});
