/** What a report leaves out, and what it replaces. */
import { expect, test } from "vitest";
import { Anonymizer } from "../../src/setup/report/anonymous.ts";
import { withoutSecrets } from "../../src/setup/report/secrets.ts";
import { processorTime_ms } from "../support/processor-time.ts";

test.each([
  ["upstream: sip:201:geheim@pbx.example.com;transport=tls", "upstream: sip:201:***@pbx.example.com;transport=tls"],
  ['{"contact": "sips:a:b:c@10.0.0.1"}', '{"contact": "sips:a:***@10.0.0.1"}'],
  ["<sip:201:p%40ss,w@host>, <sip:202:other@host>", "<sip:201:***@host>, <sip:202:***@host>"],
  ["SIP:201:Geheim@PBX", "SIP:201:***@PBX"],
  ["hook: https://user:pass@example.com/x", "hook: https://user:***@example.com/x"],
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
      anonymizer.learn(long);
      anonymizer.replace(long);
    });
    expect(spent_ms).toBeLessThan(3_000);
  }
});

function replaced(...texts: readonly string[]): string[] {
  const anonymizer = new Anonymizer();
  const isYaml = (text: string) => /^\w+: /.test(text);
  for (const text of texts) anonymizer.learn(text, isYaml(text));
  return texts.map((text) => anonymizer.replace(text, isYaml(text)));
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
