/**
 * Every event that the log can tell, by which `Logger` is typed: no other name or field compiles. `says` is what has happened, and what to
 * do about it where the line brings no `cure`. The program imports its type alone. Scripts know the names: a change is for CHANGELOG.
 */
import { CLUSTER_EVENTS } from "./cluster-events.ts";
import { OUTLET_EVENTS } from "./outlet-events.ts";
import { REHEARSAL_EVENTS } from "./rehearsal-events.ts";
import { STATE_EVENTS } from "./state-events.ts";

export const EVENTS = {
  // The program's life.
  started: {
    at: ["info"],
    says: "branchline listens on these addresses; those that are missing are waited for.",
    fields: { version: "text", listen: "text", missing: "text?" },
  },
  start_failed: {
    at: ["error"],
    says: "It can't start, most often because an address is missing or another program has the port.",
    fields: { error: "text", cure: "text?" },
  },
  stopped: { at: ["info"], says: "It has ended because it was told to.", fields: {} },
  reloaded: {
    at: ["info"],
    says: "The file has been read anew and is active; these keys have changed.",
    fields: { file: "text", changed: "text" },
  },
  reload_refused: {
    at: ["error"],
    says: "The file has been read anew and isn't active: correct the fault, or restart for the keys that want it.",
    fields: { file: "text", effect: "text", why: "text?" },
  },
  state_folder: {
    at: ["warn"],
    says: "The installation's secret can't be read or kept: see the rights and the room of the state folder.",
    fields: { error: "text", effect: "text" },
  },
  service_manager: {
    at: ["warn"],
    says: "Nothing tells systemd that branchline runs, and it takes the start to be unfinished: install systemd-notify, or Perl.",
    fields: { error: "text" },
  },
  event_ended: {
    at: ["error"],
    says: "One event took too long and was ended, which is a fault of branchline's: its call may be lost, and others go on; please report this line.",
    fields: { error: "text", stack: "text" },
  },
  ...STATE_EVENTS,
  table_full: {
    at: ["warn"],
    says: "A table is full: it has had no room for this number of entries since the last such line.",
    fields: { table: "text", size: "number", limit: "number", refused: "number", effect: "text", cure: "text" },
  },
  event_failed: {
    at: ["error"],
    says: "A bug of branchline's ended the work on one message or timer; please report it.",
    fields: { error: "text" },
  },
  transaction_failed: {
    at: ["error"],
    says: "A bug of branchline's ended one request, with a 500 where it was still unanswered; please report it.",
    fields: { key: "text?", state: "text?", call_id: "text?", error: "text" },
  },
  transaction_user_failed: {
    at: ["error"],
    says: "A bug of branchline's showed while the end of a failed transaction was told; please report it.",
    fields: { key: "text", error: "text" },
  },

  // Our addresses and connections.
  address_found: {
    at: ["info"],
    says: "A listener has its address, for the first time, again, or another one than before.",
    fields: { listen: "text", address: "text", before: "text?" },
  },
  address_missing: {
    at: ["warn"],
    says: "A listener's address isn't on this router, or can't be opened: it is waited for.",
    fields: { listen: "text", why: "text", effect: "text", there: "text" },
  },
  way_missing: {
    at: ["warn"],
    says: "The router reaches this peer from an address on which branchline doesn't listen, and the peer hasn't answered yet.",
    fields: { upstream: "text?", gateway: "text?", address: "text", source: "text", sends_from: "text?", cure: "text" },
  },
  way_found: {
    at: ["info"],
    says: "A listen address is on the way to this peer now, or it still answers.",
    fields: { upstream: "text?", gateway: "text?", address: "text" },
  },
  socket_error: {
    at: ["warn"],
    says: "The kernel reports a fault of a listening socket.",
    fields: { listener: "text", error: "text" },
  },
  small_receive_buffer: {
    at: ["warn"],
    says: "The kernel grants sockets little room: a burst of requests, as after a power cut, may be dropped.",
    fields: { bytes: "number", cure: "text" },
  },
  send_failed: { at: ["debug"], says: "The kernel has refused a datagram.", fields: { to: "text", error: "text" } },
  watch_failed: {
    at: ["debug"],
    says: "A socket of its own for this peer can't be connected: ICMP errors of the peer aren't heard.",
    fields: { peer: "text", error: "text" },
  },
  unwatch_failed: {
    at: ["debug"],
    says: "A peer's socket couldn't be disconnected before it was closed.",
    fields: { listen: "text", error: "text" },
  },
  connection_closed: {
    at: ["debug"],
    says: "A connection has ended, or has come to nothing.",
    fields: { peer: "text", why: "text" },
  },
  tls_failed: {
    at: ["warn", "debug"],
    says: "A TLS handshake has failed; debug: with an unknown address.",
    fields: { peer: "text?", name: "text?", why: "text" },
  },

  // Peers.
  upstream_state: {
    at: ["warn", "info"],
    says: "A target of upstream is seen in another state, for this reason; warn: it is down.",
    fields: { upstream: "text", from: "text", to: "text", evidence: "text" },
  },
  gateway_state: {
    at: ["warn", "info"],
    says: "A gateway is seen in another state, for this reason; warn: it is down.",
    fields: { gateway: "text", from: "text", to: "text", evidence: "text" },
  },
  invites_unanswered: {
    at: ["warn"],
    says: "Long INVITEs to this peer get lost while short probes pass: most often a tunnel's MTU, or dropped fragments.",
    fields: {
      upstream: "text?",
      gateway: "text?",
      octets: "number",
      answered_octets: "number?",
      what: "text",
      cure: "text",
    },
  },
  record_route_missing: {
    at: ["warn"],
    says: "A gateway's 200 to a call lacks our Record-Route, so that we don't see the call end; once for each gateway.",
    fields: { gateway: "text", cure: "text" },
  },
  path_confirmed: {
    at: ["info"],
    says: "Upstream, suspected of ignoring Path before, keeps it.",
    fields: { upstream: "text", before: "text" },
  },
  path_unconfirmed: {
    at: ["warn"],
    says: "Upstream answers REGISTERs without our Path: unless upstream stores it nevertheless, its calls don't find the phones.",
    fields: { upstream: "text", before: "text", cure: "text" },
  },
  path_ignored: {
    at: ["warn"],
    says: "Upstream's requests to registered phones come without our Path: calls to phones get lost.",
    fields: { upstream: "text", before: "text", cure: "text" },
  },
  outbound_proxy_unknown: {
    at: ["warn"],
    says: "Phones have a name as their outbound proxy that doesn't mean this router.",
    fields: { name: "text", leads_to: "text", from: "text", text: "text", cure: "text" },
  },

  // Senders that are refused.
  outside_localnet: {
    at: ["warn"],
    says: "A source near by is outside localnet and gets 403, or nothing.",
    fields: { from: "text", method: "text", answer: "text or number", cure: "text" },
  },
  faulty_sender: {
    at: ["info"],
    says: "A phone, gateway or upstream sends what must be refused with this status.",
    fields: { from: "text", answer: "number", why: "text", cure: "text" },
  },
  over_quota: {
    at: ["warn"],
    says: "A source sends more requests than limits.per_source allows: find out what it is, or allow more.",
    fields: { from: "text", effect: "text" },
  },
  dropped: {
    at: ["debug"],
    says: "A request of a sender that may not ask was dropped, or got 403.",
    fields: { from: "text", method: "text" },
  },
  faulty: { at: ["debug"], says: "A request with a fault was refused.", fields: { from: "text", why: "text" } },
  unreadable: { at: ["debug"], says: "What came was no SIP message.", fields: { from: "text", why: "text" } },
  response_for_another: {
    at: ["debug"],
    says: "A response was dropped because its topmost Via isn't ours.",
    fields: { from: "text", sent_by: "text" },
  },
  response_from_stranger: {
    at: ["debug"],
    says: "A response was dropped because it came from an address that wasn't asked.",
    fields: { from: "text", status: "number" },
  },

  // Calls.
  call: {
    at: ["info", "debug"],
    says: "A call has had its final response; debug: it took its usual way.",
    fields: {
      call_id: "text",
      from: "text",
      to: "text",
      origin: "text",
      rule: "text",
      why: "text",
      route: "text",
      status: "number",
      after_ms: "number",
    },
  },
  routed: {
    at: ["debug"],
    says: "A rule has decided where a request goes.",
    fields: { method: "text", call_id: "text", rule: "text", why: "text" },
  },
  emergency_call: {
    at: ["warn"],
    says: "An emergency call has begun.",
    fields: { number: "text", from: "text", address: "text", call_id: "text" },
  },
  emergency_loop: {
    at: ["warn"],
    says: "A gateway sends our emergency calls back as calls of its own: they are stopped (482).",
    fields: { gateway: "text", call_id: "text", cure: "text" },
  },
  call_preempted: {
    at: ["warn"],
    says: "A call was ended to make room at this gateway for an emergency call.",
    fields: { call_id: "text", gateway: "text", for: "text" },
  },
  redirect_ignored: {
    at: ["info"],
    says: "A phone doesn't follow its 302.",
    fields: { caller: "text", effect: "text" },
  },
  late_answer_ended: {
    at: ["info"],
    says: "A phone answered a call that had had another final response: it was acknowledged and hung up.",
    fields: { call_id: "text" },
  },
  response_not_acknowledged: {
    at: ["debug"],
    says: "A caller has sent no ACK for its final response.",
    fields: { call_id: "text" },
  },
  ...CLUSTER_EVENTS,
  ...OUTLET_EVENTS,
  ...REHEARSAL_EVENTS,
} as const;
