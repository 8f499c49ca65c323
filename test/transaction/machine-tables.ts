/**
 * What RFC 3261 §17 and RFC 6026 say of every state and every input: "-" where the input is ignored, otherwise the next
 * state and what is done. Reviewed against the RFCs' figures; the machines in src are compared with it cell by cell.
 */
import type { Input } from "../../src/transaction/machine.ts";

/** "next: action action", or "-". */
export type Row = Readonly<Record<Input, string>>;
export type Table = Readonly<Record<string, Row>>;

/** No input concerns the state, but for those given. */
function only(cells: Partial<Row>): Row {
  return { ...NOTHING, ...cells };
}

const NOTHING: Row = {
  request: "-",
  ack: "-",
  provisional: "-",
  success: "-",
  failure: "-",
  retransmit: "-",
  timeout: "-",
  linger: "-",
  unreachable: "-",
  abandon: "-",
  disown: "-",
  resume: "-",
  cancelled: "-",
  anew: "-",
};

/** Figure 5, with RFC 6026 figure 4's Accepted, and "abandoned" and "disowned", which are ours. */
export const INVITE_CLIENT: Table = {
  calling: {
    request: "-", // only servers receive requests
    ack: "-",
    provisional: "proceeding: stopRetransmit stopTimeout tell",
    success: "accepted: stopRetransmit stopTimeout linger64T1 tell", // RFC 6026 §8.4: timer M
    failure: "completed: stopRetransmit stopTimeout sendAck absorb64T1 tell", // timer D, at least 32 s
    retransmit: "calling: send doubleRetransmit", // timer A, without a ceiling
    timeout: "terminated: tell", // timer B
    linger: "-", // no such timer runs yet
    unreachable: "abandoned: stopRetransmit tell", // ours: it may have got through before the error
    abandon: "abandoned: stopRetransmit", // ours: fr_timer
    disown: "disowned:", // §9.1: the INVITE goes on being sent until there is a provisional response
    resume: "-",
    cancelled: "-", // §9.1: no CANCEL before a provisional response
    anew: "calling: send startRetransmit startTimeout", // ours: from another address, after the death of a member
  },
  proceeding: {
    request: "-",
    ack: "-",
    provisional: "proceeding: tell",
    success: "accepted: stopTimeout linger64T1 tell",
    failure: "completed: stopTimeout sendAck absorb64T1 tell",
    retransmit: "-", // §17.1.1.2: no retransmission once proceeding
    timeout: "terminated: tell", // runs only after a CANCEL (§9.1)
    linger: "-",
    unreachable: "-", // the callee has answered: an ICMP now is no verdict on this request
    abandon: "-", // fr_timer is over with the first answer
    disown: "-", // CANCEL is sent
    resume: "-",
    cancelled: "proceeding: startTimeout", // §9.1: 64·T1 for the 487
    anew: "calling: send startRetransmit startTimeout",
  },
  abandoned: {
    request: "-",
    ack: "-",
    provisional: "proceeding: stopTimeout tell", // a late 1xx, so that CANCEL can follow
    success: "accepted: stopTimeout linger64T1 tell",
    failure: "completed: stopTimeout sendAck absorb64T1 tell", // must be acknowledged whoever waits
    retransmit: "-",
    timeout: "terminated:", // nobody waits for it any more
    linger: "-",
    unreachable: "-",
    abandon: "-",
    disown: "-", // others have been asked since, and it isn't sent any more
    resume: "calling: startRetransmit", // ours: nobody else is left to ask; it is as if the INVITE had just been sent
    cancelled: "-",
    anew: "-",
  },
  disowned: only({
    provisional: "proceeding: stopRetransmit stopTimeout tell", // now CANCEL can follow
    success: "accepted: stopRetransmit stopTimeout linger64T1 tell", // a call that nobody wants: BYE
    failure: "completed: stopRetransmit stopTimeout sendAck absorb64T1 tell",
    retransmit: "disowned: send doubleRetransmit", // timer A goes on
    timeout: "terminated:", // timer B, and nobody waits for it
    unreachable: "abandoned: stopRetransmit",
  }),
  accepted: only({
    success: "accepted: tell", // RFC 6026 §7.2: each 2xx goes up
    linger: "terminated:", // timer M
  }),
  completed: only({
    failure: "completed: sendAck", // §17.1.1.2: the ACK again, and nobody told
    linger: "terminated:", // timer D
  }),
};

/** Figure 6. */
export const NON_INVITE_CLIENT: Table = {
  trying: {
    request: "-",
    ack: "-",
    provisional: "proceeding: tell", // timers E and F go on
    success: "completed: stopRetransmit stopTimeout absorbT4 tell", // timer K
    failure: "completed: stopRetransmit stopTimeout absorbT4 tell",
    retransmit: "trying: send doubleRetransmitToT2", // timer E
    timeout: "terminated: tell", // timer F
    linger: "-",
    unreachable: "terminated: tell",
    abandon: "terminated:", // ours: nothing has to be cleared up after a non-INVITE
    disown: "terminated:",
    resume: "-",
    cancelled: "-",
    anew: "-",
  },
  proceeding: {
    request: "-",
    ack: "-",
    provisional: "proceeding: tell",
    success: "completed: stopRetransmit stopTimeout absorbT4 tell",
    failure: "completed: stopRetransmit stopTimeout absorbT4 tell",
    retransmit: "proceeding: send retransmitEveryT2", // §17.1.2.2: at T2 once proceeding
    timeout: "terminated: tell",
    linger: "-",
    unreachable: "terminated: tell",
    abandon: "terminated:",
    disown: "terminated:",
    resume: "-",
    cancelled: "-",
    anew: "-",
  },
  completed: only({
    linger: "terminated:", // timer K; retransmitted responses are absorbed
  }),
};

/** Figure 7, with RFC 6026 figure 3's Accepted; transport errors end no server transaction (RFC 6026 §7.1). */
export const INVITE_SERVER: Table = {
  proceeding: {
    request: "proceeding: send", // §17.2.1: the most recent provisional response again
    ack: "-",
    provisional: "proceeding: send",
    success: "accepted: send linger64T1", // RFC 6026: timer L
    failure: "completed: send startRetransmit startTimeout", // timers G and H
    retransmit: "-", // provisional responses aren't retransmitted
    timeout: "-", // timer C belongs to the proxy core
    linger: "-",
    unreachable: "-",
    abandon: "-",
    disown: "-",
    resume: "-",
    cancelled: "-", // the transaction user answers 487
    anew: "-",
  },
  completed: only({
    request: "completed: send",
    ack: "confirmed: stopRetransmit stopTimeout absorbT4 tell", // timer I
    retransmit: "completed: send doubleRetransmitToT2", // timer G
    timeout: "terminated: tell", // timer H
  }),
  confirmed: only({
    linger: "terminated:", // timer I; further ACKs are absorbed
  }),
  accepted: only({
    success: "accepted: send", // RFC 6026 §7.1: the proxy's further 2xx pass
    linger: "terminated:", // timer L; retransmitted INVITEs are absorbed
  }),
};

/** Figure 8. */
export const NON_INVITE_SERVER: Table = {
  trying: only({
    // §17.2.2: retransmissions in trying are discarded
    provisional: "proceeding: send",
    success: "completed: send absorb64T1", // timer J
    failure: "completed: send absorb64T1",
  }),
  proceeding: only({
    request: "proceeding: send", // the most recent provisional response again
    provisional: "proceeding: send",
    success: "completed: send absorb64T1",
    failure: "completed: send absorb64T1",
  }),
  completed: only({
    request: "completed: send", // the final response again
    linger: "terminated:", // timer J; other final responses are discarded
  }),
};
