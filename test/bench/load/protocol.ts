/** What the bench asks of its load generator, a process of its own, and what that answers. Times say their unit. */

/** Complete calls at a steady rate: INVITE, 100, 180, 200, ACK, BYE, 200. */
export interface CallsCommand {
  readonly kind: "calls";
  readonly rate: number;
  readonly duration_ms: number;
}

/** Complete calls of the gateway, each of which rings five phones. */
export interface ForksCommand {
  readonly kind: "forks";
  readonly rate: number;
  readonly duration_ms: number;
}

export interface ForksReport extends CallsReport {
  /** INVITEs that came to phones. */
  readonly rung: number;
}

export interface CallsReport {
  readonly started: number;
  readonly completed: number;
  /** Requests and 2xx responses that were sent again, by either side. */
  readonly retransmissions: number;
  /** How much of the time the generator itself was busy, 0 to 1: near 1 it is the bottleneck. */
  readonly generatorLoad: number;
  /** The longest time for which the generator did nothing; then it catches up in a burst. */
  readonly generatorPause_ms: number;
  readonly to100_us: Percentiles;
  readonly toUpstream_us: Percentiles;
}

export interface Percentiles {
  readonly p50: number;
  readonly p99: number;
}

/** Calls that ring until told otherwise; the report comes when all ring, or at the limit. */
export interface RingCommand {
  readonly kind: "ring";
  readonly calls: number;
  readonly rate: number;
}

/** Answers all that ring; the report comes when all are up. */
export interface AnswerCommand {
  readonly kind: "answer";
  readonly rate: number;
}

/** Ends all calls that are up. */
export interface HangUpCommand {
  readonly kind: "hang-up";
  readonly rate: number;
}

export interface CountReport {
  readonly count: number;
}

/** REGISTERs at a steady rate. */
export interface RegistersCommand {
  readonly kind: "registers";
  readonly rate: number;
  readonly duration_ms: number;
}

/** REGISTERs all at once. */
export interface StormCommand {
  readonly kind: "storm";
  readonly count: number;
  readonly limit_ms: number;
}

export interface RegistersReport {
  readonly started: number;
  readonly completed: number;
  readonly retransmissions: number;
  /** REGISTERs that reached upstream without Path, or without `path` in Supported. */
  readonly withoutPath: number;
  /** 200s that reached the phone without the Path that upstream has put there (RFC 3327 §5.3). */
  readonly answeredWithoutPath: number;
  /** From the first REGISTER sent to the last 200 received. */
  readonly last200_ms: number;
}

/** Calls at once whose final answer is a redirection, as an outage makes it. */
export interface RedirectCommand {
  readonly kind: "redirect";
  readonly calls: number;
  readonly limit_ms: number;
}

export interface RedirectReport {
  readonly redirected: number;
  /** From INVITE to 3xx: the shortest and the longest wait. */
  readonly first_ms: number;
  readonly last_ms: number;
}

/** Whether upstream answers, or is as silent as a cut line. */
export interface UpstreamCommand {
  readonly kind: "upstream";
  readonly isAlive: boolean;
}

/** Sends OPTIONS to the proxy until it answers. */
export interface PingCommand {
  readonly kind: "ping";
  readonly limit_ms: number;
}

export interface PingReport {
  /** The system's monotonic clock at the first answer; undefined when none came. */
  readonly answeredAt_ms: number | undefined;
}

/** Forgets every call and timer of what came before. */
export interface ResetCommand {
  readonly kind: "reset";
}

export type Command =
  | CallsCommand
  | ForksCommand
  | RingCommand
  | AnswerCommand
  | HangUpCommand
  | RegistersCommand
  | StormCommand
  | RedirectCommand
  | UpstreamCommand
  | PingCommand
  | ResetCommand;

/** Which report answers which command. */
export interface Reports {
  calls: CallsReport;
  forks: ForksReport;
  ring: CountReport;
  answer: CountReport;
  "hang-up": CountReport;
  registers: RegistersReport;
  storm: RegistersReport;
  redirect: RedirectReport;
  upstream: CountReport;
  ping: PingReport;
  reset: CountReport;
}

export type Report = Reports[keyof Reports];
