/** The file's `events`, `hooks`, `records` and `hep`: what they become, what is a fault of them, and what `check` says. */
import { describe, expect, test } from "vitest";
import { describe as describeConfig } from "../../src/app/config/describe.ts";
import { loadConfig } from "../../src/app/config/load-config.ts";
import { SITE_EVENTS } from "../../src/app/observe/events.ts";
import { faults, load } from "./files.ts";

const file = (more: object) =>
  JSON.stringify({
    listen: ["udp:10.222.237.1"],
    localnet: ["10.222.237.0/24"],
    upstream: "sip:198.51.100.10",
    ...more,
  });
const loaded = (more: object) => {
  const { config, problems } = load(file(more));
  expect(problems).toEqual([]);
  return config;
};
const faultsOf = (more: object) => faults(file(more)).map((fault) => fault.replace(/^\S+ /, ""));
/** The sentences that a file without them doesn't have. */
const said = (more: object) => {
  const lines = (one: object) => describeConfig(loaded(one)).split("\n");
  const without = lines({});
  return lines(more).filter((line) => !without.includes(line));
};

describe("what the file says", () => {
  test("is nothing where it has none of them", () => {
    const { events, hooks, records, hep } = loaded({});
    expect([events, hooks, records, hep]).toEqual([undefined, [], undefined, undefined]);
  });

  test("may be one value each", () => {
    const { events, records, hep } = loaded({ events: "e.jsonl", records: "c.csv", hep: "10.10.9.1" });
    expect(events).toEqual({ file: { file: "at e.jsonl", disk_octets: 1_000_000 }, syslog: undefined });
    expect(records).toEqual({ file: "at c.csv", disk_octets: 1_000_000, format: "csv" });
    expect(hep).toEqual({ to: { address: "10.10.9.1", port: 9060 }, id: 2001, masked: true });
  });

  test("or a mapping", () => {
    const { events, records, hep } = loaded({
      events: { file: "e", disk: "5MB", syslog: "tcp:[2001:db8::9]:6514" },
      records: { file: "c.csv", format: "json", disk: "500kB" },
      hep: { to: "10.10.9.1:9063", id: 17, masked: false },
    });
    expect(events).toEqual({
      file: { file: "at e", disk_octets: 5_000_000 },
      syslog: { by: "tcp", address: "2001:db8::9", port: 6514 },
    });
    expect(records).toEqual({ file: "at c.csv", disk_octets: 500_000, format: "json" });
    expect(hep).toEqual({ to: { address: "10.10.9.1", port: 9063 }, id: 17, masked: false });
    expect(loaded({ events: { syslog: "udp:10.10.9.1" } }).events).toEqual({
      file: undefined,
      syslog: { by: "udp", address: "10.10.9.1", port: 514 },
    });
  });

  test("hooks are programs and webhooks, told of all events or of some", () => {
    const { hooks } = loaded({
      hooks: [
        { run: "tell.sh" },
        {
          on: ["upstream_down", "gateway_up"],
          run: ["/bin/sh", "-c", "echo $(date) <x>", "", 7, true],
          limit: "1m",
          keep: "1h",
        },
        { on: "emergency_call", url: "https://ops.example.com:8443/hook?a=b", authorization: "token", ca: "ca.pem" },
        { url: "https://[2001:db8::9]" },
      ],
    });
    const standard = { on: SITE_EVENTS, limit_ms: 10_000, keep_ms: 86_400_000 };
    const none = { ca: undefined, authorization: undefined };
    expect(hooks).toEqual([
      { ...standard, run: ["at tell.sh"] },
      {
        on: ["upstream_down", "gateway_up"],
        run: ["at /bin/sh", "-c", "echo $(date) <x>", "", "7", "true"],
        limit_ms: 60_000,
        keep_ms: 3_600_000,
      },
      {
        ...{ ...standard, on: ["emergency_call"], host: "ops.example.com", port: 8443, path: "/hook?a=b" },
        ...{ ca: "at ca.pem", authorization: "at token" },
      },
      { ...standard, ...none, host: "2001:db8::9", port: 443, path: "/" },
    ]);
  });
});

test("check tells what becomes of them, and no secret of a webhook", () => {
  expect(
    said({
      events: { file: "e", syslog: "udp:10.10.9.1" },
      hooks: [{ url: "https://ops.example.com/secret" }, { on: "emergency_call", run: ["/bin/tell", "loud"] }],
      records: "c.csv",
      hep: { to: "[2001:db8::9]", masked: false },
    }),
  ).toEqual([
    "Writes events to at e, with at most 1 MB on disk.",
    "Sends events to the syslog server at udp:10.10.9.1:514.",
    "Tells https://ops.example.com:443 of each event.",
    "Starts at /bin/tell on emergency_call.",
    "Writes a line of CSV for each call to at c.csv, with at most 1 MB on disk.",
    "Copies each SIP message, whole, to [2001:db8::9]:9060 by HEP.",
  ]);
});

test("what `check --print` prints hides the path of a webhook, and shows it where secrets are wanted", () => {
  const { printed } = load(
    file({
      hooks: [
        { url: "https://ops.example.com/T0/abc", authorization: "token" },
        { run: ["curl", "https://ops.example.com/T0/abc"] },
      ],
    }),
  );
  expect(printed(true)).not.toContain("abc");
  expect(printed(true)).toContain("https://ops.example.com/********");
  expect(printed(true)).toContain("authorization: token");
  expect(printed(false)).toContain("https://ops.example.com/T0/abc");
});

describe("a fault is", () => {
  test.each([
    [
      "events that nobody is told",
      { events: {} },
      "events: has neither file nor syslog; add one, such as file: state/events.jsonl",
    ],
    [
      "a syslog server without its transport",
      { events: { syslog: "10.10.9.1" } },
      'events.syslog: "10.10.9.1" must be udp: or tcp: and an IP address, such as udp:10.10.9.1 or tcp:10.10.9.1:6514',
    ],
    [
      "a syslog server by a name",
      { events: { syslog: "udp:logs.example.com" } },
      'events.syslog: "udp:logs.example.com" must have an IP address, such as udp:10.10.9.1 or udp:10.10.9.1:514',
    ],
    [
      "a collector that is nobody",
      { hep: "0.0.0.0" },
      'hep: "0.0.0.0" must have an IP address, such as 10.10.9.1 or 10.10.9.1:9060',
    ],
    ["copies without a collector", { hep: { id: 1 } }, 'hep: lacks to; add "to: 10.10.9.1:9060"'],
    ["records without a file", { records: { format: "csv" } }, 'records: lacks file; add "file: state/calls.csv"'],
    [
      "a hook that does nothing",
      { hooks: [{ on: "upstream_up" }] },
      "hooks[0]: has neither run nor url; a hook has one of them",
    ],
    [
      "a hook that does two things",
      { hooks: [{ run: "a", url: "https://b" }] },
      "hooks[0]: has both run and url; a hook has one of them",
    ],
    [
      "an authority for a program",
      { hooks: [{ run: "a", ca: "b" }] },
      "hooks[0].ca: is for url, and this hook has none",
    ],
    [
      "a shell's line in place of a program",
      { hooks: [{ run: "curl -d x https://b" }] },
      'hooks[0].run: "curl -d x https://b" is a program with arguments in one text, and no shell reads it; write a list: [curl, -d, x, https://b]',
    ],
    [
      "an argument that is a list",
      { hooks: [{ run: ["a", ["b"]] }] },
      "hooks[0].run[1]: must be a text, such as one argument of the program",
    ],
    [
      "no room on disk",
      { records: { file: "c", disk: "1kB" } },
      "records.disk: must be a size from 100kB to 1000MB, such as 1MB",
    ],
    ["nine hooks", { hooks: Array.from({ length: 9 }, () => ({ run: "a" })) }, "hooks: has 9 hooks; 8 is the most"],
    ...[
      ...["http://ops.example.com/", "https://", "https://u:p@ops.example.com/", "https://ops.example.com:70000/"],
      ...[
        "https://ops.example.com/a b",
        "https://ops.example.com/\u00fc",
        "https://ops.example.com/#part",
        "https://ops.example.com?x",
      ],
    ].map((url): [string, object, string] => [
      `the URL ${url}`,
      { hooks: [{ url }] },
      `hooks[0].url: "${url}" must be an https: URL, such as https://ops.example.com/hooks/branch-17`,
    ]),
  ])("%s", (_, more, fault) => {
    expect(faultsOf(more)).toEqual([fault]);
  });

  test("an event that there is not", () => {
    const [fault = ""] = faultsOf({ hooks: [{ on: ["upstream_dwon"], run: "a" }] });
    expect(fault).toMatch(/^hooks\[0\]\.on(?:\[0\])?: must be one of upstream_down, .*did you mean upstream_down\?$/);
  });
});

test("a build without TLS refuses a webhook when the file is read, and says what to write in its place", () => {
  const text = file({ hooks: [{ url: "https://ops.example.com/hook" }] });
  const { problems } = loadConfig(text, String, () => undefined, undefined, undefined, false);
  expect(problems.map(({ path, message }) => `${path}: ${message}`)).toEqual([
    "hooks[0].url: wants TLS, and this build of branchline has no TLS: use the package with Node, or a command with curl, such as " +
      `run: [/bin/sh, -c, 'curl -fsS -d "$BRANCHLINE_EVENT_JSON" https://ops.example.com/hook']`,
  ]);
});
