/** An upstream target's state, fed with evidence. */
import { loadUpstream } from "../../../src/app/config/load-upstream.ts";
import { Reader } from "../../../src/app/config/reader.ts";
import {
  type Evidence,
  initialState,
  nameOf,
  type Observation,
  observe,
  type PeerState,
  type PeerStateName,
} from "../../../src/policy/peers/peer-state.ts";
import type { UpstreamSettings } from "../../../src/policy/site.ts";

export const DEFAULTS: UpstreamSettings = loadUpstream(new Reader(), undefined);

/** A target that is fed with evidence. */
export class Target {
  state: PeerState;
  last: Observation;
  now_ms = 0;

  constructor(state: PeerState = initialState(DEFAULTS)) {
    this.state = state;
    this.last = { state };
  }

  see(...evidence: Evidence[]): PeerStateName {
    for (const one of evidence) {
      this.last = observe(this.state, one, DEFAULTS, this.now_ms);
      this.state = this.last.state;
    }
    return nameOf(this.state);
  }

  at(now_ms: number): this {
    this.now_ms = now_ms;
    return this;
  }

  /** Down, three good probes, and the hold. */
  recover(): void {
    this.see("probe answered", "probe answered", "probe answered");
    this.at(this.now_ms + this.state.past.hold_ms).see("hold over");
  }
}

export function up(): Target {
  const target = new Target();
  target.see("probe answered");
  return target;
}

export function down(): Target {
  const target = up();
  target.see("request unanswered", "probe failed");
  return target;
}

export function recovering(): Target {
  const target = down();
  target.see("probe answered", "probe answered", "probe answered");
  return target;
}
