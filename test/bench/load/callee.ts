/** What is called: headquarters' PBX, which registers phones, too; the gateway, which is only probed; phones that ring. */
import { repeat, T2_MS } from "../../sip/repetition.ts";
import type { DelayQueues } from "./delay-queues.ts";
import type { Endpoint } from "./endpoint.ts";
import { answered, respond, ringing } from "./messages.ts";
import { callNumber, echoedFields, headerValue, headerValues, methodOf, statusOf } from "./sip-text.ts";

const RING_AFTER_MS = 10;
const ANSWER_AFTER_MS = 20;

interface Leg {
  /** What its responses repeat of the INVITE. */
  echoed: string;
  readonly endpoint: Endpoint;
  /** The newest response, which a repeated INVITE gets again. */
  last: string;
  isAcked: boolean;
}

export class Callee {
  /** When false, nothing is answered: the line is cut. */
  isAlive = true;
  /** "when told": calls ring until {@link answerOne}; "never": until they are cancelled. */
  answers: "by itself" | "when told" | "never" = "by itself";
  invites = 0;
  retransmissions = 0;
  registersWithoutPath = 0;
  /** Called at the first arrival of each INVITE. */
  onInvite: (number: number, now_ms: number) => void = () => undefined;
  private readonly clock: DelayQueues;
  private readonly legs = new Map<number, Leg>();
  private unanswered: Leg[] = [];

  constructor(clock: DelayQueues) {
    this.clock = clock;
  }

  reset(): void {
    this.legs.clear();
    this.unanswered = [];
    this.isAlive = true;
    this.answers = "by itself";
    this.invites = 0;
    this.retransmissions = 0;
    this.registersWithoutPath = 0;
  }

  receive(text: string, endpoint: Endpoint): void {
    const now_ms = performance.now();
    if (!this.isAlive || statusOf(text) !== 0) return;
    const method = methodOf(text);
    if (method === "INVITE") this.invited(text, endpoint, now_ms);
    else if (method === "ACK") this.acknowledged(text);
    else if (method === "CANCEL") this.cancelled(text, endpoint);
    else if (method === "REGISTER") this.registered(text, endpoint);
    else {
      if (method === "BYE") this.legs.delete(callNumber(text));
      endpoint.send(respond("200 OK", echoedFields(text, "callee")));
    }
  }

  /** Answers the call that was the last to come. */
  answerOne(): void {
    const leg = this.unanswered.pop();
    if (leg !== undefined) this.answer(leg);
  }

  private invited(text: string, endpoint: Endpoint, now_ms: number): void {
    const number = callNumber(text);
    const known = this.legs.get(number);
    if (known !== undefined) {
      endpoint.send(known.last);
      return;
    }
    const echoed = echoedFields(text, `u${number}`);
    const leg: Leg = { echoed, endpoint, last: respond("100 Trying", echoed), isAcked: false };
    this.legs.set(number, leg);
    endpoint.send(leg.last);
    this.invites += 1;
    this.onInvite(number, now_ms);
    this.clock.after(RING_AFTER_MS, () => {
      leg.last = ringing(leg.echoed, endpoint.address);
      endpoint.send(leg.last);
    });
    if (this.answers === "by itself") this.clock.after(ANSWER_AFTER_MS, () => this.answer(leg));
    else if (this.answers === "when told") this.unanswered.push(leg);
  }

  private answer(leg: Leg): void {
    this.conclude(leg, answered(leg.echoed, leg.endpoint.address));
  }

  /** Sends a final response until its ACK comes. */
  private conclude(leg: Leg, response: string): void {
    leg.last = response;
    leg.endpoint.send(response);
    const again = (): void => {
      this.retransmissions += 1;
      leg.endpoint.send(leg.last);
    };
    repeat(this.clock, () => !leg.isAcked, again, T2_MS);
  }

  private cancelled(text: string, endpoint: Endpoint): void {
    endpoint.send(respond("200 OK", echoedFields(text, "callee")));
    const leg = this.legs.get(callNumber(text));
    if (leg !== undefined) this.conclude(leg, respond("487 Request Terminated", leg.echoed));
  }

  private acknowledged(text: string): void {
    const leg = this.legs.get(callNumber(text));
    if (leg === undefined) return;
    leg.isAcked = true;
    // A timer outlives the leg: it shall not keep these from being collected.
    leg.echoed = "";
    leg.last = "";
  }

  private registered(text: string, endpoint: Endpoint): void {
    const hasPath = headerValue(text, "Path") !== "" && headerValues(text, "Supported").includes("path");
    if (!hasPath) this.registersWithoutPath += 1;
    endpoint.send(respond("200 OK", echoedFields(text, "pbx"), `Contact: ${headerValue(text, "Contact")}\r\n`));
  }
}
