/** The rows of a site's metrics: its peers, phones, calls and limits. `deploy/monitoring/metrics.md` is made of them. */
import type { PaceStatus } from "../../policy/status.ts";
import { type CallCounts, type ClusterFacts, isAnnounced } from "../cluster-facts.ts";
import type { RunningStatus } from "../status-facts.ts";
import { flag, known, type Metric, type MetricFacts, peersOf, type Sample } from "./metric.ts";
import { isSurviving, MEMBER_STATES, PEER_STATES, ROLES, survivingSince_s } from "./told-states.ts";

type SecondsOf = MetricFacts["secondsOf"];

export const SITE_METRICS: readonly Metric[] = [
  gauge("branchline_info", "The version that runs; its value is always 1.", ["version"], ({ version }) => [
    [1, version],
  ]),
  gauge("branchline_uptime_seconds", "For how long branchline has run.", [], ({ up_s }) => [[up_s]]),
  gauge("branchline_listening", "1 if the router has this address of listen now.", ["listen"], ({ listen }) =>
    listen.map(({ name, address }) => [flag(address !== null), name]),
  ),
  gauge("branchline_survival", "1 while phones' calls to the outside don't go to upstream.", [], (status) => [
    [flag(isSurviving(status))],
  ]),
  gauge(
    "branchline_survival_since_timestamp_seconds",
    "Since when that is so, in seconds since 1970; missing while calls go to upstream.",
    [],
    (status, secondsOf) => (isSurviving(status) ? known(survivingSince_s(status, secondsOf)) : []),
  ),
  {
    name: "branchline_ready",
    type: "gauge",
    help: "1 if branchline readiness finds no fault: calls would go on if the WAN failed now.",
    labels: [],
    samples: ({ readiness }) => [[flag(readiness.verdict !== "not ready")]],
  },
  {
    name: "branchline_readiness_findings",
    type: "gauge",
    help: "Findings of branchline readiness, by their severity.",
    labels: ["severity"],
    samples: ({ readiness: { findings } }) =>
      ["fault", "warning"].map((severity) => [findings.filter((one) => one.severity === severity).length, severity]),
  },
  {
    name: "branchline_certificate_left_seconds",
    type: "gauge",
    help: "How long the certificate of tls is still valid, in whole days; less than 0: no longer.",
    labels: [],
    samples: ({ status: { certificate } }) =>
      known(certificate?.left_days == null ? undefined : certificate.left_days * 86_400),
  },
  gauge(
    "branchline_calls_go_to",
    "1 for the role to which a phone's new call to the outside goes now: upstream, gateway, or none if there is no way out.",
    ["role"],
    ({ calls_go_to }) =>
      calls_go_to === undefined ? [] : ROLES.map((role) => [flag(calls_go_to.role === role), role]),
  ),
  gauge("branchline_forced", "1 while an administrator forces upstream's state.", [], ({ forced }) => [
    [flag(forced !== undefined)],
  ]),
  gauge("branchline_peer_state", "1 for the state that a peer has.", ["role", "peer", "state"], (status) =>
    peersOf(status).flatMap(([role, { name, state }]) =>
      PEER_STATES.map((one): Sample => [flag(one === state), role, name, one]),
    ),
  ),
  gauge(
    "branchline_peer_since_timestamp_seconds",
    "Since when a peer has had its observed state, in seconds since 1970.",
    ["role", "peer"],
    (status, secondsOf) =>
      peersOf(status).flatMap(([role, { name, since }]): Sample[] =>
        since === undefined ? [] : [[secondsOf(since), role, name]],
      ),
  ),
  counter(
    "branchline_peer_state_changes_total",
    "Changes of peers' states, by the new state.",
    ["role", "state", "peer"],
    ({ counted }) => tallied(counted.edges, 3),
  ),
  gauge("branchline_gateway_calls", "Calls that a gateway has now.", ["gateway"], ({ gateways }) =>
    gateways.map(({ name, calls }) => [calls, name]),
  ),
  gauge(
    "branchline_gateway_channels",
    "Channels of a gateway, where the file limits them.",
    ["gateway"],
    ({ gateways }) =>
      gateways.flatMap(({ name, channels }) => (channels === undefined ? [] : [[channels, name] as const])),
  ),
  gauge("branchline_calls", "Calls that ring or are up.", [], ({ calls_now }) => known(calls_now)),
  counter(
    "branchline_calls_total",
    "Calls that were answered, redirected or failed, by the origin of the call and the last place to which branchline sent it. branchline counts failed calls a minute later.",
    ["origin", "way", "result"],
    ({ counted }) => tallied(counted.calls, 3),
  ),
  counter(
    "branchline_survived_calls_total",
    "Calls that upstream should have had and that were answered without it, as the history counts them: a restart doesn't reset it.",
    [],
    ({ history }) => [[history.survived]],
  ),
  counter(
    "branchline_emergency_calls_total",
    "Emergency calls, as the history counts them: a restart doesn't reset it.",
    [],
    ({ history }) => [[history.emergency]],
  ),
  counter(
    "branchline_outages_total",
    "Outages of upstream targets and gateways, as the history counts them: a restart doesn't reset it.",
    [],
    ({ history }) => [[history.outage]],
  ),
  counter(
    "branchline_readiness_losses_total",
    "Losses of readiness, as the history counts them: a restart doesn't reset it.",
    [],
    ({ history }) => [[history.unready]],
  ),
  counter(
    "branchline_drills_total",
    "Drills, as the history counts them: a restart doesn't reset it.",
    [],
    ({ history }) => [[history.drill]],
  ),
  gauge("branchline_phones", "Numbers that a phone has registered.", [], ({ phones }) => [[phones.addresses]]),
  gauge("branchline_contacts", "Contacts of these phones.", [], ({ phones }) => [[phones.contacts]]),
  gauge("branchline_phones_not_back", "Phones that upstream can't call until they register again.", [], ({ phones }) =>
    known(phones.not_back),
  ),
  gauge(
    "branchline_phones_not_heard",
    "Phones that haven't registered since branchline's start: branchline doesn't know whether upstream can call them.",
    [],
    ({ phones }) => known(phones.not_heard),
  ),
  pace(
    "register_pace",
    "REGISTERs that may go up to an upstream target each second: few after an outage, until it has shown that it bears more.",
    "per_s",
  ),
  pace("register_pace_limit", "The most that registration.pace allows.", "most_per_s"),
  pace("registers_unanswered", "REGISTERs that wait for the answer of an upstream target.", "unanswered"),
  counter("branchline_binding_changes_total", "Changes of phones' bindings.", ["change"], ({ counted }) =>
    tallied(counted.bindings, 1),
  ),
  gauge(
    "branchline_group_member_registered",
    "1 if a member of a hunt group is registered.",
    ["group", "member"],
    ({ members }) => (members ?? []).map(({ group, member, registered }) => [flag(registered !== null), group, member]),
  ),
  counter(
    "branchline_sip_messages_total",
    "SIP messages, by direction, and by method or class of status.",
    ["direction", "kind"],
    ({ counted }) => tallied(counted.messages, 2),
  ),
  counter("branchline_decisions_total", "Requests, by the rule that has decided.", ["method", "rule"], ({ counted }) =>
    tallied(counted.decisions, 2),
  ),
  counter("branchline_dropped_messages_total", "Messages that were dropped, by reason.", ["reason"], ({ status }) =>
    Object.entries(status.dropped).map(([reason, count]) => [count, reason]),
  ),
  gauge("branchline_table_entries", "Entries of a table.", ["table"], ({ tables }) =>
    tables.map(({ name, size }) => [size, name]),
  ),
  gauge("branchline_table_limit", "Entries that a table may have.", ["table"], ({ tables }) =>
    tables.map(({ name, limit }) => [limit, name]),
  ),
  counter("branchline_table_overflows_total", "Entries for which a table had no room.", ["table"], ({ status }) =>
    status.tables.map(({ name, hits }) => [hits, name]),
  ),
  gauge(
    "branchline_missing_ways",
    "Peers that the router reaches from an address that listen lacks.",
    [],
    ({ missing_ways }) => known(missing_ways?.length),
  ),
  gauge("branchline_reload_refused", "1 if the last reload was refused.", [], ({ reload_refused }) => [
    [flag(reload_refused !== undefined)],
  ]),
  gauge("branchline_pair_state", "1 for the state of this router in its pair.", ["state"], (status) =>
    pairOf(status).flatMap(({ state }) => MEMBER_STATES.map((one): Sample => [flag(state === one), one])),
  ),
  gauge("branchline_pair_member_alive", "1 if another router of the pair is heard.", ["member"], (status) =>
    pairOf(status).flatMap(livesOf),
  ),
  gauge("branchline_pair_differences", "Keys that aren't equal in the files of the pair.", ["member"], (status) =>
    pairOf(status).flatMap(differencesOf),
  ),
  gauge("branchline_pair_address_here", "1 if this router has a shared address of the pair.", ["address"], (status) =>
    pairOf(status).flatMap(({ shared }) => shared.map(({ address, is_here }): Sample => [flag(is_here), address])),
  ),
  gauge(
    "branchline_anycast_state",
    "1 for the state of this member of a cluster with one anycast address.",
    ["state"],
    (status) =>
      anycastOf(status).flatMap(({ state }) => MEMBER_STATES.map((one): Sample => [flag(state === one), one])),
  ),
  gauge("branchline_anycast_member_alive", "1 if another member of that cluster is heard here.", ["member"], (status) =>
    anycastOf(status).flatMap(livesOf),
  ),
  gauge(
    "branchline_anycast_differences",
    "Keys that aren't equal in the files of this member and another one.",
    ["member"],
    (status) => anycastOf(status).flatMap(differencesOf),
  ),
  gauge(
    "branchline_anycast_route_announced",
    "1 if this member has announced its route to the anycast address by the commands of the file.",
    [],
    (status) =>
      anycastOf(status).flatMap(({ route }): Sample[] => (route === undefined ? [] : [[flag(isAnnounced(route))]])),
  ),
  gauge(
    "branchline_member_calls",
    "Calls of a member of a cluster that ring or are up, this one too, as far as it is heard.",
    ["member"],
    ({ cluster }) => countsOf(cluster, "active"),
  ),
  counter(
    "branchline_member_calls_total",
    "Calls that have begun at a member of a cluster since its start.",
    ["member"],
    ({ status: { cluster } }) => countsOf(cluster, "processed"),
  ),
  counter(
    "branchline_members_untold_total",
    "What the other members of a cluster weren't told: messages too long to be sent on, and news for which a beat had no room.",
    ["reason"],
    ({ status: { cluster } }) => Object.entries(cluster?.untold ?? {}).map(([reason, count]) => [count, reason]),
  ),
];

function gauge(
  name: string,
  help: string,
  labels: readonly string[],
  samples: (status: RunningStatus, secondsOf: SecondsOf) => readonly Sample[],
): Metric {
  return { name, type: "gauge", help, labels, samples: ({ status, secondsOf }) => samples(status, secondsOf) };
}

/** How REGISTERs go up to each upstream target. */
function pace(name: string, help: string, key: keyof PaceStatus): Metric {
  return gauge(`branchline_${name}`, help, ["peer"], ({ upstream }) =>
    upstream.flatMap(({ name: peer, registers }): Sample[] =>
      registers === undefined ? [] : [[registers[key], peer]],
    ),
  );
}

function pairOf({ cluster }: RunningStatus): readonly ClusterFacts[] {
  return cluster === undefined || cluster.mode === "anycast" ? [] : [cluster];
}

function anycastOf({ cluster }: RunningStatus): readonly ClusterFacts[] {
  return cluster?.mode === "anycast" ? [cluster] : [];
}

function livesOf({ members }: ClusterFacts): Sample[] {
  return members.map(({ name, life }) => [flag(life === "alive"), name]);
}

function differencesOf({ members }: ClusterFacts): Sample[] {
  return members.map(({ name, differs }) => [differs.length, name]);
}

/** This member first. */
function countsOf(cluster: ClusterFacts | undefined, key: keyof CallCounts): Sample[] {
  const all = cluster === undefined ? [] : [cluster, ...cluster.members];
  return all.flatMap(({ name, calls }): Sample[] => (calls === undefined ? [] : [[calls[key], name]]));
}

function counter(name: string, help: string, labels: readonly string[], samples: Metric["samples"]): Metric {
  return { name, type: "counter", help, labels, samples };
}

/** The last label may have spaces in it. */
function tallied(tally: ReadonlyMap<string, number>, labels: number): Sample[] {
  return [...tally].map(([key, count]): Sample => {
    const words = key.split(" ");
    return [count, ...words.slice(0, labels - 1), words.slice(labels - 1).join(" ")];
  });
}
