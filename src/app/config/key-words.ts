/**
 * What each configuration key does, for README's table. Branchline itself doesn't read this: it stays out of the bundle.
 * `npm run reference` writes README's table anew.
 */
import { GATEWAY_CHOICES } from "../../policy/gateway-strategies.ts";
import { under } from "./key-kinds.ts";
import type { Path } from "./keys.ts";

/** The row of the key above says it, so README has no row for the key. */
export const ABOVE = "above";

export interface KeyWords {
  /** In place of the default that `keys.ts` has, or where it has none. */
  readonly default: string;
  readonly words: string;
}

const PROBE_WORDS = {
  interval: "between OPTIONS while upstream answers",
  suspect_interval: "while it is suspect, and while it proves its return",
  down_interval: "while it is down",
  timeout: "how long a probe waits",
  failures: "failed probes until down (one is enough when a call has failed as well)",
  successes: "answered probes until recovering",
  user: {
    default: "none",
    words: "the user part of the OPTIONS' Request-URI and To, for a PBX that answers known users only: `ping`",
  },
  from: { default: "`sip:branchline@` our address", words: "the URI in its From" },
  max_forwards: "its Max-Forwards; with `0` a proxy answers itself and asks nobody behind it",
  alive_codes: {
    default: "all but `dead_codes`",
    words:
      "final codes that are a sign of life, and no others are: `[200, 404]`, or classes, `[2xx, 4xx]` (without those of `dead_codes`); a provisional response is then no answer yet",
  },
  octets: {
    default: "as short as it is",
    words:
      "the OPTIONS is padded to this length, 500 to 8000, by header lines `Branchline-Padding`: a peer that long datagrams don't reach is down then, instead of leaving each long INVITE unanswered; see `mtu` in [Doctor](#doctor)",
  },
};

/** The keys of another probe, which has one row in all. */
const TOLD_ABOVE = {
  interval: ABOVE,
  suspect_interval: ABOVE,
  down_interval: ABOVE,
  timeout: ABOVE,
  failures: ABOVE,
  successes: ABOVE,
  user: ABOVE,
  from: ABOVE,
  max_forwards: ABOVE,
  alive_codes: ABOVE,
  octets: ABOVE,
};

/** Markdown. A key of `keys.ts` without words is a type error. */
export const KEY_WORDS: Readonly<Record<Path, string | KeyWords>> = {
  listen:
    "this router's addresses, `udp:ADDRESS:PORT`, `tcp:…` and `tls:…` (port 5061); or `{address: …, advertise: HOST:PORT}` behind NAT. In place of an address the name of an interface, `udp:pppoe0:5060`: its first IPv4 address, as it comes, changes and goes (`{address: udp:eth0:5060, family: 6}`: its first IPv6 address that isn't link-local)",
  "listen.address": ABOVE,
  "listen.advertise": ABOVE,
  "listen.family": ABOVE,
  tls: "for `tls:` addresses in `listen`: a mapping with the next keys; paths are relative to the file; SIGHUP reads the files anew, and connections that stand go on",
  "tls.certificate": "PEM file with our certificate and those between it and its authority",
  "tls.key": "PEM file with its private key",
  "tls.ca": {
    default: "the authorities that Node brings along",
    words:
      "PEM file: whom we believe when we connect, and who may issue client certificates. A peer's certificate must name the host of its URI as subjectAltName, `DNS:`, or `IP:` where that is an address (RFC 5922; no wildcards, but see `tls.wildcards`)",
  },
  "tls.client_certificates":
    "what phones must show: `none`; `optional`: they are asked, and served whatever they show; `required`: one of `tls.ca`",
  "tls.wildcards":
    "`true` believes a certificate of upstream or a gateway whose name has `*` as its whole first label, as hosted PBXs have: `*.example.com` stands for `pbx.example.com`, not for `example.com` or `a.b.example.com`; `*.com` stands for nothing",
  names: {
    default: "none",
    words:
      "host names that mean this router, such as the one that phones have as their outbound proxy. Known without the key: what `advertise` says, the names in our own TLS certificate (no wildcards), and a name at the top of a request's Route that DNS leads to an address of `listen`. Names of upstream and gateways never mean this router, whatever they resolve to; the phones' domains only at the top of Route, where our certificate or DNS says so. `status`, `doctor` and a log line `outbound_proxy_unknown` tell of a name that phones have as outbound proxy and that DNS leads elsewhere",
  },
  localnet: "the phones' networks; only they get survival and may dial out",
  upstream: {
    default: "the Request-URI's domain",
    words:
      "a URI, a list of URIs in order of preference (the next one is asked when one is silent, unreachable or says 503), or a mapping with the next keys",
  },
  "upstream.targets": "as above; a target may be a mapping too: `{uri: sip:pbx.example.com, probe: {…}}`",
  "upstream.targets.uri": ABOVE,
  "upstream.targets.probe": {
    default: "`upstream.probe`",
    words: "as `upstream.probe`, for this target; what it leaves out is as there",
  },
  ...under("upstream.targets.probe", TOLD_ABOVE),
  "upstream.may_dial_out":
    "`true`: what upstream sends to a gateway goes there, for a headquarters that breaks out at the branch; else it gets 403, but for emergency numbers, OPTIONS and what belongs to a call. UDP sources can be forged: see [Security](#security)",
  "upstream.force":
    "`down` or `up` pins upstream's state, whatever is seen: a site that lives on its own; see also `branchline force`",
  "upstream.fr_timer": "silence after which a request is given up",
  "upstream.dead_codes":
    "final codes without a body that count as silence: of a call, of a known phone's REGISTER, of a probe; `[]`: none",
  ...under("upstream.probe", PROBE_WORDS),
  "upstream.hold": "recovering lasts so long without a miss, then calls go up again",
  "upstream.hold_max": "the hold doubles at each flap, up to this",
  registration: "`path` or `contact`, or a mapping with the next keys",
  "registration.mode":
    "`contact` for a PBX that knows no Path: it gets our own address as the phone's Contact, and the phone gets its own back",
  "registration.expires_cap": "no phone is told a longer expiry, so that each comes back often enough",
  "registration.survival_expires":
    "what phones are told in an outage, less a random part of up to 15 %; while upstream recovers, 30 s at the most",
  "registration.local_after": "upstream silent for so long on a known phone's REGISTER: it is answered here",
  "registration.unknown":
    "who is answered in an outage: `known` phones (same source address or instance), all in `localnet`, or `none`",
  "registration.pace": "REGISTERs per second that go up after an outage",
  "registration.throttle": "`true`: refreshes that upstream doesn't need yet are answered here",
  "extensions.aliases": { default: "none", words: 'number → extension: `{"5550100": "201"}`' },
  "extensions.aliases.NAME": ABOVE,
  "extensions.prefixes": {
    default: "none",
    words: 'what the outside dials before an extension: with `["5550"]`, 5550201 is 201',
  },
  "extensions.suffix_digits": {
    default: "off",
    words:
      "of two numbers of which one ends with the other, the shorter at least so long, both mean one phone; off, because 112 ends 4112 too",
  },
  "extensions.forward": {
    default: "none",
    words: "extension → `{busy: NUMBER, no_answer: NUMBER}`, another extension or an outside number",
  },
  "extensions.forward.NAME.busy": ABOVE,
  "extensions.forward.NAME.no_answer": ABOVE,
  "extensions.ring": "how long an extension rings in an outage",
  gateways: { default: "none", words: "SIP URIs with IP addresses, or mappings with the next keys" },
  "gateways.uri": "as above",
  "gateways.name": { default: "its address", words: "what carriers and logs call it" },
  "gateways.priority":
    "lower goes first; the next one gets the call when a gateway is silent, unreachable, full, or says 5xx or 6xx other than 600 and 603",
  "gateways.weight": "its share among gateways of the same priority",
  "gateways.channels": { default: "no limit", words: "calls that it carries at once, counted by dialog" },
  "gateways.trusted":
    "`true`: it gets messages whole. Else it gets no credentials but those for a realm that it has asked for itself, and no P-Asserted-Identity, P-Preferred-Identity, Remote-Party-ID or Identity of somebody who wants privacy (`Privacy: id`, `user`, `header`); in an emergency call it gets the identity all the same",
  "gateways.rewrite": {
    default: "none",
    words:
      "`{called: […], calling: […]}`, lists of `{match: REGEX, replace: TEXT}`, of which the first that matches rewrites the number; the caller's goes there in P-Asserted-Identity. Numbers of more than 32 characters leave as they are; an expression that could take long for a number (nested quantifiers as in `([1-9][0-9]*)+`, alternatives that begin alike) is a fault, since calls would stand still meanwhile",
  },
  "gateways.rewrite.called": ABOVE,
  "gateways.rewrite.called.match": ABOVE,
  "gateways.rewrite.called.replace": ABOVE,
  "gateways.rewrite.calling": ABOVE,
  "gateways.rewrite.calling.match": ABOVE,
  "gateways.rewrite.calling.replace": ABOVE,
  "gateways.probe": {
    default: "`gateway_probe`",
    words: "as `gateway_probe`, for this gateway; what it leaves out is as there",
  },
  ...under("gateways.probe", TOLD_ABOVE),
  gateway_choice: `among equals: ${GATEWAY_CHOICES.map((one) => `\`${one}\``).join(", ")}`,
  gateway_probe: {
    default: "`{interval: 30s}`",
    words: "as `upstream.probe`; a gateway that seems dead is tried last",
  },
  ...under("gateway_probe", TOLD_ABOVE),
  carriers: {
    default: "none",
    words: "name → `{prefixes: […], gateways: […]}`: numbers that begin so go to these gateways, in this order",
  },
  "carriers.NAME.prefixes": ABOVE,
  "carriers.NAME.gateways": ABOVE,
  max_call: "a call of which no BYE has been seen (nor a session timer, RFC 4028) holds its channel for so long",
  emergency: {
    default: "none",
    words:
      'numbers, `["112", "911"]`, that go to the gateways in every state, and upstream when no gateway takes them; or a mapping with the next keys',
  },
  "emergency.prefixes":
    "what phones dial before an outside number: `0112` and `9911` are emergency calls too, unless that is the number of a phone, an alias or a group here, and the gateway gets 112 and 911; `[]`: nothing",
  "emergency.numbers": "as above, as they are dialled; `urn:service:sos` (RFC 5031) dials the first of them",
  "emergency.reserve":
    "so many channels of all gateways together are kept free of ordinary calls from here; needs `channels`",
  "emergency.preempt":
    "`true`: when the gateways have no channel left, by our count or by their word (486, 500, 503, 600), the youngest ordinary call is ended, both sides get BYE; at most one in 30 s for each caller",
  "emergency.callback":
    "so long after an emergency call has reached somebody, calls from that gateway ring the phone too that made it, and don't go to upstream first; kept over a restart; `0s`: off",
  "survival.answer":
    "`302`, `380`: redirect to the gateways, the best first; `relay`: forward to them in turn; `auto`: 302, but relay for a phone that hasn't come back within 3 s of its ACK",
  "survival.notice": "reason phrase of the 181",
  "survival.notice_hold": "from the 181 to the answer; a call that requires 100rel gets no 181 and isn't held",
  inbound: "calls from a gateway: `hunt` rings the group at once, `upstream-first` asks upstream before; or a mapping",
  "inbound.order": "as above",
  "inbound.timer": "how long upstream may stay silent then; its 408, 480 and 503 lead to the group as well",
  outage_answers: {
    default: "none",
    words:
      "event package or method → status that SUBSCRIBE, PUBLISH, MESSAGE and others get in an outage: `{SUBSCRIBE: 489, presence: 200}`; 480 with Retry-After for all that isn't named",
  },
  "outage_answers.NAME": ABOVE,
  hunt_groups: { default: "none", words: "called number, or `default`, → who rings" },
  "hunt_groups.NAME.members": "extensions, which ring where they are registered, or SIP URIs of phones, IPv4 or IPv6",
  "hunt_groups.NAME.strategy":
    "`parallel`: all ring at once; `serial`: one after the other; `round-robin`: the same, each call beginning with the next",
  "hunt_groups.NAME.decline":
    "what a phone's 603 means (its reject key, do not disturb), and its 606 and 607: `member`: this member is out, with all its phones, and the others ring on; `group`: the whole group is refused (RFC 3261 §16.7). 600 and 604 always speak for all",
  "hunt_groups.NAME.ring":
    "how long the group rings, or with `serial` and `round-robin` each member; then the caller gets 480",
  "hunt_groups.NAME.overflow": {
    default: "none",
    words: "another group, an extension or an outside number for calls that nobody takes",
  },
  strangers:
    "who is neither phone, gateway nor upstream gets: `drop` nothing, `reject` 403, `auto` 403 on an address within `localnet` and nothing on any other",
  limits: "how much each address may ask; `none` lifts all limits",
  "limits.per_source": {
    default: "`{rate: 200, burst: 2000}`",
    words:
      "new requests per second of an address in `localnet`, and how many at once after a rest; above, some get 503 with Retry-After and the rest nothing, but an emergency call or a BYE passes; ten times as many messages of any kind are read. Raise it for a whole call centre behind one address; `none`: no limit",
  },
  "limits.per_source.rate": ABOVE,
  "limits.per_source.burst": ABOVE,
  "limits.strangers": {
    default: "`{rate: 10, burst: 50}`",
    words:
      "messages per second of a stranger's address that are looked at, and twenty times as many of all strangers together; `none`: no limit. Gateways and upstream have no limit, and who shows a token of ours or answers what we asked counts as a phone",
  },
  "limits.strangers.rate": ABOVE,
  "limits.strangers.burst": ABOVE,
  state: "folder for the secret and the bindings, relative to the file; or a mapping with the next keys",
  "state.folder": "as above",
  "state.interval":
    "bindings that bring nothing new are written so often at the most (after a power cut, a phone that was registered when they were written counts as refreshed since, for `registration.expires_cap` at the most); a phone that is new or has moved within 5 s, but beyond 60 such writes, and 6 more each hour, within the interval: flash wears out",
  "dns.servers": {
    default: "those of `/etc/resolv.conf`",
    words: "whom to ask for names: IP addresses, `10.222.237.1` or `10.222.237.1:5353`",
  },
  log: "`error`, `warn`, `info`, `debug`; lines go to standard error with syslog priorities",
};
