/** What a report leaves out, and what it replaces. */
import { expect, test } from "vitest";
import { Anonymizer, type TextKind } from "../../src/setup/report/anonymous.ts";
import { withoutSecrets } from "../../src/setup/report/secrets.ts";
import { processorTime_ms } from "../support/processor-time.ts";

/** Less than a time that grows as the square of 200,000 characters. */
const QUADRATIC_MS = 3_000;

test.each([
  ["upstream: sip:201:geheim@pbx.example.com;transport=tls", "upstream: sip:201:***@pbx.example.com;transport=tls"],
  ['{"contact": "sips:a:b:c@10.0.0.1"}', '{"contact": "sips:a:***@10.0.0.1"}'],
  ["<sip:201:p%40ss,w@host>, <sip:202:other@host>", "<sip:201:***@host>, <sip:202:***@host>"],
  ["SIP:201:Geheim@PBX", "SIP:201:***@PBX"],
  ["hook: https://user:pass@example.com/x", "hook: https://user:***@example.com/***"],
  ["- url: https://hooks.example.com/T0/B1/x?y=z # told", "- url: https://hooks.example.com/*** # told"],
  ["hooks: [{url: 'https://a.example.com:8443/x', on: b}]", "hooks: [{url: 'https://a.example.com:8443/***', on: b}]"],
  ["password: geheim # of the trunk", "password: *** # of the trunk"],
  ['password: "ge heim"', "password: ***"],
  ['"password":"ge\\"heim"', '"password":***'],
  ["password: 'ge''heim'", "password: ***"],
  ['password: "never closed', "password: ***"],
  ["  trunk_password: ge heim  # of the trunk\nlisten: 1", "  trunk_password: ***  # of the trunk\nlisten: 1"],
  ["a:\n  password: |\n    ge\n    heim\n  user: 201", "a:\n  password: ***\n  user: 201"],
  ["sip:o'neil:ge'heim,@pbx", "sip:o'neil:***@pbx"],
  ["{sip_password: 'geheim', user: 201}", "{sip_password: ***, user: 201}"],
  ['"api_token": "abc",', '"api_token": ***,'],
  ["Proxy-Authorization: Digest username=201, response=1\nTo: x", "Proxy-Authorization: ***\nTo: x"],
  ['error="401 nonce=\\"5a\\""', 'error="401 nonce=***"'],
  ["a\n-----BEGIN EC PRIVATE KEY-----\nMHc\n-----END EC PRIVATE KEY-----\nb", "a\n(private key: ***)\nb"],
  ["-----BEGIN PRIVATE KEY-----\ncut off", "(private key: ***)"],
])("%j", (text, expected) => {
  expect(withoutSecrets(text)).toBe(expected);
});

test.each([
  "upstream: {targets: [sip:pbx.example.com:5080], probe: {interval: 10s}}",
  "gateways: [sip:10.10.1.3:5060;transport=tcp]",
  "tls: {certificate: /etc/branchline/tls/a.crt, key: /etc/branchline/tls/a.key}",
  "listen: [udp:10.0.0.1:5060, 'udp:[2001:db8::1]:5060']",
  '<6>call call_id=a@b from=201@pbx to=5551234 route="upstream pbx > gateway 10.10.1.3" status=200',
])("what is no secret stays: %s", (text) => {
  expect(withoutSecrets(text)).toBe(text);
});

test("a long text without a line end takes a time that grows as the text does", () => {
  for (const text of ["sip:", "a", "nonce=", "password", '"', "1", "a.b@", "-----BEGIN "]) {
    const long = text.repeat(200_000 / text.length);
    const spent_ms = processorTime_ms(() => {
      withoutSecrets(long);
      const anonymizer = new Anonymizer();
      for (const kind of ["records", "yaml"] as const) {
        anonymizer.learn(long, kind);
        anonymizer.replace(long, kind);
      }
    });
    expect(spent_ms).toBeLessThan(QUADRATIC_MS);
  }
});

/** Each text with what it is, where that can't be seen of it. */
function replaced(...texts: readonly string[]): string[] {
  const anonymizer = new Anonymizer();
  const kindOf = (text: string): TextKind => (/^[[{]/.test(text) ? "json" : /^\w+:\s/.test(text) ? "yaml" : "records");
  for (const text of texts) anonymizer.learn(text, kindOf(text));
  return texts.map((text) => anonymizer.replace(text, kindOf(text)));
}

test("people are the same everywhere, and machines stay", () => {
  const [yaml, calls, log] = replaced(
    'hunt_groups: {default: {members: ["201", "sip:anna.b@10.222.237.22"]}}\nlisten: [udp:10.222.237.1:5060]',
    '{"from": "201@pbx.example.com", "to": "0301234567", "status": 200, "what": "extension 201"}',
    "<6>call from=anna.b@pbx.example.com to=0301234567 status=200 after_ms=4200",
  );
  expect(yaml).toMatch(/members: \["user-\d+", "sip:user-\d+@10\.222\.237\.22"\]/);
  expect(yaml).toContain("udp:10.222.237.1:5060");
  const all = `${yaml}${calls}${log}`;
  for (const secret of ["201", "anna", "0301234567"]) expect(all).not.toContain(secret);
  expect(JSON.parse(calls ?? "")).toMatchObject({ status: 200 });
  const [, extension] = /members: \["(user-\d+)"/.exec(yaml ?? "") ?? [];
  expect(calls).toContain(`"from": "${extension}@pbx.example.com"`);
  expect(calls).toContain(`"what": "extension ${extension}"`);
  expect(/to=(user-\d+)/.exec(log ?? "")?.[1]).toBe(/"to": "(user-\d+)"/.exec(calls ?? "")?.[1]);
  expect(log).toContain("status=200 after_ms=4200");
});

test.each([
  "NOT REGISTERED: 203, group default",
  "201@pbx.example.com (localnet) to 5551234",
  "rings extension 202 (sip:202@10.0.0.2)",
  "tel:+49-30-1234567",
  "sip:%32%30%31@x",
])("no number is left in %j", (text) => {
  expect(replaced(text)[0]).not.toMatch(/20[123]|1234|%32/);
});

test("an extension that looks like a status is replaced, a status isn't", () => {
  const [yaml, ...texts] = replaced(
    "hunt_groups: {default: {members: [200, 486]}, 404: {members:\n  - 480\n  - 503 # the boss\n}}",
    "Rings 200, 486 and then 480 (503), for up to 20 s.",
    "gateway 10.10.1.3 (486 Busy Here): 200 after 4.2 s",
    "upstream x > 302 > gateway y: 503 after 2 s",
    "status=486 answers 480",
    '"status": 200,',
  );
  expect(yaml).toMatch(/^hunt_groups: \{default: \{members: \[user-\d, user-\d\]\}, user-\d: /);
  expect(yaml).not.toMatch(/200|4\d\d|503/);
  expect(texts[0]).not.toMatch(/200|4\d\d/);
  expect(texts.slice(1)).toEqual([
    "gateway 10.10.1.3 (486 Busy Here): 200 after 4.2 s",
    "upstream x > 302 > gateway y: 503 after 2 s",
    "status=486 answers 480",
    '"status": 200,',
  ]);
});

const OFFICE = 'hunt_groups: {default: {members: [10, 12, 201, "202"], overflow: 3200}}\nlisten: [udp:10.50.0.1:5060]';

test.each([
  "Listens on udp:10.50.0.1:5060, tcp:10.12.10.201:3200.",
  "Probes upstream every 10 s, up to 10 min, for 12 to 20 s.",
  "branchline.yaml:12:10 and 10.10.0.0/12",
  "at 14:10:12: 10 calls, 12 %, for 10\n  s. The caller gets\n  201.",
  "Nov 10 10:12:10 router branchline[201]: <6>started version=0.12.10 phones=10 after_ms=201",
  '{\n  "calls": 10,\n  "octets": 12345678,\n  "at": "2026-10-12T10:12:10.201Z"\n}\n',
])("addresses, times and quantities stay, whatever extensions there are: %j", (text) => {
  expect(replaced(OFFICE, text)[1]).toBe(text);
});

test("of a file only what a count's key says stays", () => {
  const [yaml] = replaced(
    'hunt_groups: {10: {members: 12, ring: 10s}}\ngateways:\n  - {uri: "sip:10.12.0.3", channels: 10, priority: 12}\n' +
      "upstream: {dead_codes: [503, 480], probe: {alive_codes:\n  - 200\n}}\nextensions: {aliases: {5550: 201, 480: 202,\n  5551: 486\n}}",
  );
  expect(yaml).toMatch(/^hunt_groups: \{user-\d: \{members: user-\d, ring: 10s\}\}\n/);
  expect(yaml).toContain('{uri: "sip:10.12.0.3", channels: 10, priority: 12}');
  expect(yaml).toMatch(/dead_codes: \[503, 480\], probe: \{alive_codes:\n {2}- 200\n/);
  expect(yaml).toMatch(/aliases: \{user-\d: user-\d, user-\d: user-\d,\n {2}user-\d+: user-\d+\n\}/);
});

test.each([
  "rings 201, 202 at once",
  "201 (localnet) to user-7\n  extension 202: 200 after 3.5 s",
  '[{"call_id": "a1", "from": "201", "to": "202-0x556edbb510d0"}]',
  "10.99.0.10 (upstream) to 202-0x556edbb510d0",
  "A call rings 3200, then 10, 12.",
])("no extension is left in %j", (text) => {
  expect(replaced(OFFICE, text)[1]).not.toMatch(/(?<![\d.])(?:20[12]|3200|1[02])(?![\d.])/);
});

test("a number in prose is nobody's, and a host is no user, though they be called alike", () => {
  const anonymizer = new Anonymizer();
  const prose = "Up to 10 calls; extends it to 12 digits; tells the caller 181; sip:pbx.example.com.";
  anonymizer.learn("sip:pbx@pbx.example.com", "records");
  anonymizer.learn(prose, "prose");
  expect(anonymizer.replace(prose, "prose")).toBe(prose);
  expect(anonymizer.replace("sip:pbx@pbx.example.com", "records")).toBe("sip:user-1@pbx.example.com");
  expect(anonymizer.replace("Debian GNU/Linux 12", "machine")).toBe("Debian GNU/Linux 12");
});

test.each([
  'emergency: ["112", "110"]',
  "emergency: {numbers: [112, '110'], prefixes: [\"0\"], reserve: 1}",
  'emergency:\n  numbers:\n    - 112 # help\n    - "110"',
  "emergency:\n- 112\n- 110",
  "emergency:\n# help\n  numbers: [112, 110] # for all",
])("an emergency number is everybody's: %j", (emergency) => {
  const [yaml, ...texts] = replaced(
    `site: x\n${emergency}\nhunt_groups: {default: {members: ["201", 1100]}}\n`,
    "201@pbx.example.com to 112",
    "sip:110@10.10.1.3, NOT REGISTERED: 1100",
    '{"call_id": "x", "from": "201", "to": "112", "emergency": "110"}',
  );
  expect(yaml).toContain(emergency);
  expect(yaml).toMatch(/members: \["user-\d", user-\d\]/);
  expect(texts[0]).toMatch(/^user-\d@pbx\.example\.com to 112$/);
  expect(texts[1]).toMatch(/^sip:110@10\.10\.1\.3, NOT REGISTERED: user-\d$/);
  expect(JSON.parse(texts[2] ?? "")).toMatchObject({ to: "112", emergency: "110" });
});

test("a person's number under emergency is a person's, and so is one behind it", () => {
  const [yaml] = replaced('emergency: ["112", "03012345678"]\nhunt_groups:\n  default: {members: [999]}\n');
  expect(yaml).toMatch(/^emergency: \["112", "user-\d"\]\nhunt_groups:\n {2}default: \{members: \[user-\d\]\}/);
});

test("comments tell what keys can be; what has been commented out may still name people", () => {
  const [yaml] = replaced(
    'survival:\n  answer: 302   # 302, 380, relay or auto\n# answer: [302, 380]\n#  members: [203, "204"]\n' +
      "# the boss is 0301234567, 20, 30 or more\n",
  );
  expect(yaml).toContain("answer: 302   # 302, 380, relay or auto\n# answer: [302, 380]\n");
  expect(yaml).toMatch(/# {2}members: \[user-\d, "user-\d"\]\n# the boss is user-\d, 20, 30 or more/);
});
