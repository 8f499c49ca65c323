/** doctor on the clock and on our certificate. */
import { describe, expect, test } from "vitest";
import type { Facts } from "../../src/setup/doctor/facts.ts";
import { TIME_SYNC } from "../../src/setup/doctor/families.ts";
import { LAN, told, WAN, YAML } from "./healthy.ts";

const TLS = YAML.replace(/listen: .*/, `listen: [udp:${LAN}, tls:${WAN}]\ntls: {certificate: c.pem, key: k.pem}`);
const VALID: Facts["certificate"] = ["2026-01-01T00:00:00Z", "2027-01-01T00:00:00Z"];

describe("doctor: clock", () => {
  const now = "1970-01-01T00:03:00Z";

  test("before the program was built: worse with TLS", () => {
    expect(told("clock")).toBe("ok the clock says 2026-11-21T10:00:00Z");
    expect(told("clock", { now })).toMatch(/^warning the clock says 1970/);
    expect(told("clock", { now }, TLS)).toMatch(/^fault .*nothing connects over TLS/);
    expect(told("clock", { now, family: "edgeos" })).toContain("set system ntp server");
  });

  test("a clock that is wrong doesn't hide that the certificate ends soon", () => {
    const change = { now, inThreeWeeks: "1970-01-22T00:03:00Z", certificate: VALID };
    expect(told("clock", change, TLS)).toMatch(/^fault the clock/);
    expect(told("certificate", change, TLS)).toMatch(/^fault c\.pem is valid from 2026-01-01T00:00:00Z only/);
  });

  test.each([
    ["timedatectl", "System clock synchronized: no\n NTP service: inactive", "NTP synchronized: yes"],
    ["busybox adjtimex", "    status:       64 (UNSYNC)", "    status:       1 (PLL)"],
    ["ntpq", "leap_alarm, sync_unspec, 1 event", "leap_none, sync_ntp, 2 events"],
  ])("a time that isn't synchronized is a warning together with TLS alone, by %s", (_, bad, good) => {
    expect(told("clock", { said: { [TIME_SYNC]: bad } }, TLS)).toMatch(/^warning the time isn't synchronized/);
    expect(told("clock", { said: { [TIME_SYNC]: bad } })).toMatch(/^ok .*, not synchronized$/);
    expect(told("clock", { said: { [TIME_SYNC]: good } }, TLS)).toMatch(/^ok .*, synchronized$/);
  });
});

test.each([
  [undefined, /^skipped/],
  [VALID, /^ok c\.pem is valid until 2027/],
  [["2026-12-01T00:00:00Z", "2027-01-01T00:00:00Z"], /^fault c\.pem is valid from 2026-12-01T00:00:00Z only/],
  [["2025-01-01T00:00:00Z", "2026-01-01T00:00:00Z"], /^fault c\.pem has been invalid since/],
  [["2025-01-01T00:00:00Z", "2026-12-01T00:00:00Z"], /^warning c\.pem is valid until/],
] as const)("doctor: a certificate valid %j", (certificate, expected) => {
  expect(told("certificate", { certificate }, TLS)).toMatch(expected);
});

test("doctor: without TLS there is no certificate to look at", () => {
  expect(told("certificate")).toBe("ok the file has no TLS");
});
