/** doctor on whether upstream and gateways answer: the branchline that runs has the word, doctor's own OPTIONS comes second. */
import { describe, expect, test } from "vitest";
import type { PeerStatus } from "../../src/policy/status.ts";
import type { Facts, PeerFact } from "../../src/setup/doctor/facts.ts";
import { answer, GATEWAY, LAN, peer, status, told, UPSTREAM, WAN, YAML } from "./healthy.ts";

const SILENT = { answer: undefined, error: "no answer in 3 s" };
const LONE = YAML.replace(/gateways: .*/, "");

/** What doctor says of upstream while branchline runs and sees it so. */
const runningWith = (seen: Partial<PeerStatus>, change: Partial<Facts> = {}, yaml = YAML) =>
  told(
    "upstream",
    {
      isRunning: true,
      status: status({ upstream: [{ name: UPSTREAM, state: "up", observed: "up", ...seen }] }),
      ...change,
    },
    yaml,
  );

describe("doctor: upstream and gateways, while no branchline runs", () => {
  test("a peer that answers is well, whatever it answers, but for 503", () => {
    expect(told("upstream")).toBe(
      `ok sip:${UPSTREAM} (${UPSTREAM}:5060, udp) answers OPTIONS from ${WAN}:40000 with 200 in 12 ms`,
    );
    const by = (code: number) =>
      told("upstream", { peers: [peer({ answer: answer(`${WAN};branch=z9hG4bKx`, code) })] });
    expect(by(404)).toMatch(/^ok/);
    expect(by(503)).toMatch(
      /^fault .*nothing behind it can take calls; calls go to the gateway\n# look at what is behind it/,
    );
  });

  test("a silent upstream is a fault, with a ping from the address that branchline uses", () => {
    expect(told("upstream", { peers: [peer(SILENT)] })).toBe(
      `fault sip:${UPSTREAM} (${UPSTREAM}:5060, udp) doesn't answer OPTIONS from ${WAN}:40000: no answer in 3 s; ` +
        `calls go to the gateway\nping -c 3 -I ${WAN} ${UPSTREAM}`,
    );
    expect(told("upstream", { peers: [peer(SILENT)] }, LONE)).toContain("calls find no way out");
    expect(told("upstream", { peers: [peer({ answer: "hello" })] })).toMatch(/^fault .*what came is no SIP answer/);
  });

  test("a ping is proposed only where nothing came back", () => {
    const cureOf = (change: Partial<PeerFact>) =>
      told("upstream", { peers: [peer({ answer: undefined, ...change })] }).split("\n")[1];
    const start = "# start the PBX, or correct port and transport in the file (now udp, port 5060)";
    expect(cureOf({ error: "connect ECONNREFUSED" })).toBe(start);
    expect(cureOf({ answer: "hello" })).toBe(start);
    expect(cureOf({ error: "connect ENETUNREACH" })).toBe(`ip route get ${UPSTREAM}`);
    expect(cureOf({ error: "this router has no route there", local: undefined })).toBe(`ip route get ${UPSTREAM}`);
    expect(cureOf({ error: "connect EHOSTUNREACH" })).toBe(`ping -c 3 -I ${WAN} ${UPSTREAM}`);
    expect(told("gateways", { peers: [{ ...GATEWAY, answer: undefined, error: "connect ECONNREFUSED" }] })).toContain(
      "\n# start the gateway, or correct port and transport",
    );
  });

  test("the running branchline alone knows a target, which refuses: the cure isn't a ping", () => {
    const other = { name: "pbx.example.com", state: "down", observed: "down", addresses: ["192.0.2.7"] };
    const seen = (probe_failure: string) =>
      told("upstream", { isRunning: true, peers: [], status: status({ upstream: [{ ...other, probe_failure }] }) });
    expect(seen("silence")).toMatch(/\nping -c 3 192\.0\.2\.7$/m);
    expect(seen("refused")).toMatch(/\n# start the PBX, or correct port and transport in the file \(now pbx\.example/);
  });

  test("the address of the way isn't here: the finding says why OPTIONS leaves from another one, and the cure isn't a ping", () => {
    const tunnel = YAML.replace(`udp:${WAN}`, "udp:10.255.0.2");
    const lost = peer({ ...SILENT, local: LAN, source: WAN });
    const text = told("upstream", { peers: [lost] }, tunnel);
    expect(text).toBe(
      `fault sip:${UPSTREAM} (${UPSTREAM}:5060, udp) doesn't answer OPTIONS from ${LAN}:40000 (udp:10.255.0.2:5060 of ` +
        "listen isn't here): no answer in 3 s; calls go to the gateway\n" +
        "# bring the address of udp:10.255.0.2:5060 back, or correct it in listen",
    );
  });

  test("it answers from another listen address alone: the way back is missing, and both addresses are named", () => {
    const lost = peer({ ...SILENT, answeredFrom: [LAN] });
    expect(told("upstream", { peers: [lost] })).toBe(
      `fault sip:${UPSTREAM} (${UPSTREAM}:5060, udp) answers OPTIONS from ${LAN}, but not from ${WAN}:40000, from where ` +
        `branchline sends: the way back to ${WAN} is missing; calls go to the gateway\n` +
        `# at the side of ${UPSTREAM}: add a route back to ${WAN}, or allow that address in the VPN and the firewall there`,
    );
    const down = status({ upstream: [{ name: UPSTREAM, state: "down", observed: "down", probe_failure: "silence" }] });
    expect(told("upstream", { peers: [lost], isRunning: true, status: down })).toMatch(
      new RegExp(`isn't answered, while OPTIONS from ${LAN} are: no answer in 3 s\\n# at the side of `),
    );
  });

  test("why it is down is told in the words of status", () => {
    const seen = (change: Partial<PeerStatus>) =>
      runningWith({ state: "down", observed: "down", ...change }, { peers: [peer(SILENT)] });
    const gone = { evidence: "probe failed", evidence_failure: "unreachable" };
    expect(seen({ ...gone, probe_failure: "silence" })).toContain(
      "is down for the running branchline (can't be reached: no route, or the connection failed): calls go",
    );
    expect(seen({ ...gone, probe_failure: "refused" })).toContain("; now refuses OPTIONS: no program listens there):");
    expect(seen({ evidence: "request unanswered" })).toContain("(no answer to a request)");
  });

  test("where a second upstream answers, calls go there", () => {
    expect(told("upstream", { peers: [peer(SILENT), peer({ alias: "other" })] })).toMatch(
      /^fault .*calls go to the other upstream\n/,
    );
  });

  test("a gateway that stays silent may not support OPTIONS: a warning; one that refuses is a fault", () => {
    expect(told("gateways", { peers: [{ ...GATEWAY, ...SILENT }] })).toMatch(
      /^warning .*\(ignore this if the gateway doesn't support OPTIONS\)\n/,
    );
    const refused = { ...GATEWAY, answer: undefined, error: "connect ECONNREFUSED" };
    const text = told("gateways", { peers: [refused] });
    expect(text).toMatch(/^fault .*\(ECONNREFUSED\); in an outage calls may find no way out\n/);
    expect(text).not.toContain("ignore");
  });

  test("a gateway that answers calls alone is well, and says so; one that doesn't copy Record-Route is told besides", () => {
    const gateway = { ...GATEWAY, ...SILENT };
    const seen = (more: object) => {
      const gateways = [{ name: GATEWAY.alias, state: "up", observed: "up", calls: 0, channels: undefined, ...more }];
      return told("gateways", { isRunning: true, status: status({ gateways }), peers: [gateway] });
    };
    expect(seen({ answers_options: false, probe_failure: "silence", call_answered_s: 372 })).toMatch(
      /^ok .* doesn't answer OPTIONS; last call answered 6 min ago$/,
    );
    expect(seen({ record_route: "missing" })).toMatch(
      /\nwarning gateway .* doesn't copy Record-Route .*\n# .*deploy\/trouble\.md/,
    );
    expect(seen({ record_route: "copied" })).not.toContain("Record-Route");
  });

  test("an answer that the file's alive_codes leave out, or that comes later than a probe waits, counts as down", () => {
    const strict = YAML.replace(/upstream: .*/, `upstream: {targets: [sip:${UPSTREAM}], probe: {alive_codes: 200}}`);
    const refused = peer({ answer: answer(`${WAN};branch=z9hG4bKx`, 404) });
    expect(told("upstream", {}, strict)).toMatch(/^ok/);
    expect(told("upstream", { peers: [refused] }, strict)).toMatch(
      /^fault .* with 404 in 12 ms, which isn't a sign of life for this file: it counts as down; calls go to the gateway/,
    );
    expect(told("upstream", { peers: [peer({ took_ms: 2_001 })] })).toMatch(
      /^fault .* in 2001 ms, and a probe waits for 2s only: it counts as down/,
    );
    const own = YAML.replace("[sip:10.10.1.3]", "[{uri: sip:10.10.1.3, probe: {alive_codes: 2xx, timeout: 10ms}}]");
    expect(told("gateways", { peers: [{ ...GATEWAY, took_ms: 99 }] }, own.replace("10ms", "100ms"))).toMatch(/^ok/);
    expect(told("gateways", { peers: [{ ...GATEWAY, took_ms: 101 }] }, own.replace("10ms", "100ms"))).toMatch(
      /^warning/,
    );
  });

  test("an answer that counts as down is a fault, as it is while branchline runs; one that counts is a warning at most", () => {
    const failing = { peers: [peer({ answer: answer(`${WAN};branch=z9hG4bKx`, 503) })] };
    const down = { state: "down", observed: "down", probe_failure: 503 };
    expect(told("upstream", failing)).toMatch(/^fault /);
    expect(runningWith(down, failing)).toMatch(/^fault /);
    expect(runningWith({}, failing)).toMatch(/^warning .*calls go there/);
    const lenient = YAML.replace(/upstream: .*/, `upstream: {targets: [sip:${UPSTREAM}], dead_codes: []}`);
    expect(told("upstream", failing, lenient)).toMatch(/^warning .*calls go there/);
    const gateway = { peers: [{ ...GATEWAY, ...failing.peers[0], role: "gateway" as const, name: "sip:10.10.1.3" }] };
    expect(told("gateways", gateway)).toMatch(/^warning /);
  });

  test("none in the file", () => {
    const none = YAML.replace(/(upstream|gateways): .*/g, "");
    expect(told("upstream", { peers: [] }, none)).toMatch(/^skipped/);
    expect(told("gateways", { peers: [] }, none)).toMatch(/^warning there is no gateway/);
  });
});

describe("doctor: upstream and gateways, as the branchline that runs sees them", () => {
  test("upstream is never ok while the running branchline says otherwise, whatever doctor's own OPTIONS has got", () => {
    for (const state of ["suspect", "recovering", "down"]) {
      expect(runningWith({ state, observed: state, probe_failure: "silence" })).not.toMatch(/^ok/);
    }
    expect(runningWith({ state: "down", observed: "down", probe_failure: "silence" })).toBe(
      `fault sip:${UPSTREAM} (${UPSTREAM}:5060, udp) is down for the running branchline (no answer to OPTIONS): ` +
        `calls go to the gateway; doctor's own OPTIONS from ${WAN}:40000 is answered with 200 in 12 ms\n` +
        "branchline status --verbose",
    );
  });

  test("a suspect upstream still takes calls, a recovering one doesn't", () => {
    expect(runningWith({ state: "suspect", observed: "suspect" })).toMatch(
      /^warning .*: calls still go there, probing every 1s;/,
    );
    expect(runningWith({ state: "recovering", observed: "recovering" })).toMatch(
      /^warning .*: calls go to the gateway;/,
    );
  });

  test("where calls go meanwhile is what the running branchline says", () => {
    const down = { name: UPSTREAM, state: "down", observed: "down" };
    const calls_go_to = { role: "none", peers: [] } as const;
    expect(told("upstream", { isRunning: true, status: status({ upstream: [down], calls_go_to }) })).toMatch(
      /^fault .*: calls find no way out;/,
    );
  });

  test("up for the running branchline is ok, even where doctor's own OPTIONS, from another port, gets no answer", () => {
    expect(runningWith({})).toMatch(/^ok .* answers OPTIONS from .* with 200/);
    expect(runningWith({}, { peers: [peer(SILENT)] })).toMatch(
      /^ok .* answers the running branchline, although doctor's own OPTIONS from .* isn't answered/,
    );
  });

  test("of several addresses of one name, the one that doesn't answer is told", () => {
    const peers = [peer(), peer({ ...SILENT, to: { address: "198.51.100.11", port: 5060, protocol: "udp" } })];
    const [first, second] = runningWith({}, { peers }).split("\n");
    expect(first).toMatch(/^ok /);
    expect(second).toMatch(/^fault .*198\.51\.100\.11.*doesn't answer/);
  });

  test("a forced state is told as such", () => {
    expect(runningWith({ state: "down", observed: "up" })).toMatch(
      /^warning .* is forced down, and would be up: calls go to the gateway;/,
    );
  });

  test("without leave to ask the running branchline, an answer of doctor's own is no ok", () => {
    const asked = { isRunning: true, status: undefined, askFault: "EACCES" };
    expect(told("upstream", asked)).toMatch(/^skipped .*needs root \(sudo\)/);
    expect(told("upstream", { ...asked, askFault: "it hung up" })).toMatch(/^skipped .*doesn't answer: it hung up/);
    expect(told("upstream", { ...asked, peers: [peer(SILENT)] })).toMatch(/^fault/);
  });

  test("a peer that the running branchline doesn't know wants a reload; domains that only it knows are told", () => {
    const other = { name: "pbx.example.com", state: "down", observed: "down", probe_failure: "silence" };
    const seen = { isRunning: true, status: status({ upstream: [other] }) };
    expect(told("upstream", seen).split("\n")).toEqual([
      expect.stringMatching(/^warning .*doesn't know sip:/),
      "branchline reload",
      expect.stringMatching(/^fault pbx\.example\.com is down for the running branchline/),
      '# so that upstream needs no DNS: "ADDRESS pbx.example.com" in /etc/hosts, or the address instead of the name',
      "# or other servers: dns: {servers: [...]} in the file",
    ]);
    const none = YAML.replace(/upstream: .*/, "");
    expect(told("upstream", { ...seen, peers: [] }, none)).toMatch(
      /^fault pbx\.example\.com is down for the running branchline .*calls go to the gateway\n/,
    );
  });

  test("a name that DNS doesn't know now is judged by the running branchline, or else has no address", () => {
    const named = YAML.replace(`upstream: sip:${UPSTREAM}`, "upstream: sip:pbx.example.com");
    expect(told("upstream", { peers: [] }, named)).toBe(
      "fault pbx.example.com has no address that could be asked: no call goes there\n" +
        '# so that upstream needs no DNS: "ADDRESS pbx.example.com" in /etc/hosts, or the address instead of the name\n' +
        "# or other servers: dns: {servers: [...]} in the file",
    );
    const up = status({ upstream: [{ name: "pbx.example.com", state: "up", observed: "up" }] });
    expect(told("upstream", { peers: [], isRunning: true, status: up }, named)).toBe(
      "ok pbx.example.com answers the running branchline",
    );
  });

  test("a gateway that is down by silence may not support OPTIONS; one that refuses is a fault", () => {
    const gateway = (probe_failure: string | number) =>
      told("gateways", {
        isRunning: true,
        peers: [{ ...GATEWAY, ...SILENT }],
        status: status({
          gateways: [
            { name: "10.10.1.3", state: "down", observed: "down", probe_failure, calls: 0, channels: undefined },
          ],
        }),
      });
    expect(gateway("silence")).toMatch(/^warning .*\(ignore this if the gateway doesn't support OPTIONS\)/);
    expect(gateway(503)).toMatch(/^warning (?!.*ignore this)/);
    expect(gateway("refused")).toMatch(/^fault .*is down for the running branchline/);
  });
});
