/**
 * What this member's beats say. Ten a second tell that it lives, and a datagram without a part does that: to write, sign, read and compare the
 * same facts each time would be most of what an idle pair costs. So a beat says them when they have changed, some times more, since one may
 * get lost, and then twice a second.
 */
import { partText } from "./envelope.ts";
import { BEAT, beatOf, type CallCounts, type OwnFacts } from "./member-facts.ts";
import type { OwnState } from "./member-machine.ts";
import type { Json } from "./ports.ts";

/** The number of beats of which one says all. */
const WHOLE_EACH = 5;
/** The number of beats, one after the other, that say a change. */
const WHOLE_FIRST = 3;
const BARE: readonly string[] = [];

export class OwnBeats {
  /** What calls there are: each moment may change it, so it goes along, and is no news. */
  counts: () => CallCounts | undefined = () => undefined;
  private readonly version: string;
  /** What the last one had to say, but for what each moment changes. */
  private said = "";
  /** Since that has changed. */
  private beats = 0;

  constructor(version: string) {
    this.version = version;
  }

  /** Somebody new listens: the next ones say all. */
  repeat(): void {
    this.beats = 0;
  }

  /** The parts of the next beat, as text. @param agreement what is to be equal in all files, by digests */
  next(
    facts: OwnFacts,
    state: OwnState,
    agreement: { readonly text: string; readonly digests: Json },
  ): readonly string[] {
    const saying = `${state} ${facts.upstream?.answers} ${facts.hasAddress} ${facts.hears} ${facts.states} ${facts.up} ${agreement.text}`;
    if (saying !== this.said) this.beats = 0;
    this.said = saying;
    const isWhole = this.beats < WHOLE_FIRST || this.beats % WHOLE_EACH === 0;
    this.beats += 1;
    return isWhole ? this.whole(facts, state, agreement.digests) : BARE;
  }

  /** All that there is to say, as text. */
  whole(facts: OwnFacts, state: OwnState, digests: Json): readonly string[] {
    return [partText([BEAT, beatOf({ ...facts, calls: this.counts(), state, version: this.version }, digests)])];
  }
}
