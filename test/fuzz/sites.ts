/** The sites that are fuzzed: between them every rule, and who sends from where. */

const BASE = `
listen: [udp:10.222.237.1:5060, udp:203.0.113.2:5060, tcp:10.222.237.1:5060]
localnet: [10.222.237.0/24]
limits: none
`;
const GROUP = `hunt_groups: {default: {members: ["sip:201@10.222.237.21", "202", "sip:203@10.222.237.23"]}}`;

export const SITES: Readonly<Record<string, string>> = {
  plain: `${BASE}upstream: sip:198.51.100.10\ngateways: [sip:10.10.1.3]\n${GROUP}`,
  rich: `${BASE}
upstream: {targets: [sip:198.51.100.10, sip:pbx2.example.com], fr_timer: 2s}
gateways:
  - {uri: sip:10.10.1.3, name: a, channels: 4, rewrite: {called: [{match: "^00", replace: "+"}], calling: [{match: "^2", replace: "+4930"}]}}
  - {uri: sip:10.10.1.4, name: b, channels: 2, priority: 2}
carriers: {mobile: {prefixes: ["015", "00"], gateways: [b, a]}}
gateway_choice: hash-from
emergency: {numbers: ["112", "911"], reserve: 1, preempt: true, callback: 10s}
survival: {answer: relay, notice_hold: 500ms, makers: {s: {status: 182, called: "{number} out", alert_info: "<http://127.0.0.1/>"}}}
registration: {unknown: localnet, throttle: true}
extensions:
  aliases: {"5550100": "201"}
  prefixes: ["5550"]
  suffix_digits: 3
  forward: {"201": {busy: "202", no_answer: "015123"}, "202": {busy: "203", no_answer: "203"}}
  ring: 5s
names: [router.example.com]
outage_answers: {SUBSCRIBE: 489, presence: 200}
inbound: upstream-first
hunt_groups:
  "5550": {members: ["201", "sip:202@10.222.237.22"], strategy: serial, ring: 5s, overflow: default}
  default: {members: ["201", "202", "sip:203@10.222.237.23"], strategy: round-robin, ring: 5s, overflow: "203"}
`,
  contact: `${BASE}upstream: sip:198.51.100.10\nregistration: {mode: contact, unknown: localnet}
gateways: [sip:10.10.1.3]\nsurvival: {answer: auto}\ngateway_choice: round-robin\n${GROUP}\nstrangers: reject\nmax_call: 1m`,
  domain: `${BASE}gateways: [sip:10.10.1.3, sip:10.222.237.30]\nsurvival: {answer: 380}
registration: {copies: {to: "sip:10.222.237.23", from: 10.222.237.22}}
emergency: ["112"]\n${GROUP}\nmax_call: 1m`,
  alone: `${BASE.replace("limits: none", "limits: {}")}strangers: drop
upstream: {targets: sip:198.51.100.10, force: down}
gateways: [{uri: sip:10.10.1.3, channels: 1}]\nregistration: {unknown: localnet}
survival: {answer: relay}\nemergency: {numbers: ["112"], preempt: true}\n${GROUP}\nmax_call: 1m`,
};

export const ORIGINS = {
  phone: { listener: 0, address: "10.222.237.21", port: 5060 },
  phone2: { listener: 0, address: "10.222.237.22", port: 5062 },
  /** Behind a connection that it has opened. */
  tcpPhone: { listener: 2, address: "10.222.237.24", port: 40_001 },
  gateway: { listener: 0, address: "10.10.1.3", port: 5060 },
  upstream: { listener: 1, address: "198.51.100.10", port: 5060 },
  stranger: { listener: 1, address: "192.0.2.66", port: 5060 },
  strangerInside: { listener: 0, address: "192.0.2.67", port: 6000 },
  ourselves: { listener: 0, address: "10.222.237.1", port: 5060 },
} as const;

export type Origin = keyof typeof ORIGINS;

export const ORIGIN_NAMES = Object.keys(ORIGINS) as readonly Origin[];

/** What DNS knows. */
export const NAMES: Readonly<Record<string, string>> = {
  "pbx.example.com": "198.51.100.10",
  "pbx2.example.com": "198.51.100.11",
  "phone.example.com": "10.222.237.22",
  "gw.example.com": "10.10.1.3",
  "me.example.com": "10.222.237.1",
  "phone7.example.com": "10.10.1.3",
};
