/** What would become of a call, as facts. */
import type { Step } from "../policy/explain.ts";
import type { Origin } from "../policy/origin.ts";
import type { HostMeaning } from "../policy/request-facts.ts";
import type { AddressConflict } from "../policy/status.ts";
import type { Assumption } from "./assumed-call.ts";
import type { RuleNotDone } from "./rules-not-done.ts";

/** What would become of a call, as `explain --json` prints it. */
export interface CallFacts {
  readonly from: string;
  readonly to: string;
  /** Where the call comes from. */
  readonly address: string;
  /** The gateway that calls. */
  readonly gateway?: string | undefined;
  /** How upstream is taken to be: by the one that runs, as the question says, as the file forces it, or without knowing anything. */
  readonly upstream: {
    readonly by: "running" | "question" | "file" | "nothing";
    readonly states: readonly { readonly name: string; readonly state: string }[];
    /** The state that it is forced into, or asked for. */
    readonly force?: "up" | "down" | undefined;
    /** How long the force holds, where it ends by itself. */
    readonly left_s?: number | undefined;
  };
  readonly dead_gateways: readonly string[];
  readonly caller: Origin;
  /** Of a call that upstream sends. */
  readonly assumed?: Assumption | undefined;
  readonly host: { readonly meaning: HostMeaning; readonly name?: string | undefined };
  /** As it is dialled, plain; "": none. */
  readonly number: string;
  /** The number for gateways, where it is for help. */
  readonly emergency?: string | undefined;
  /** The rule that decides. */
  readonly rule: string;
  readonly why: string;
  readonly steps: readonly Step[];
  readonly warnings: readonly Pick<AddressConflict, "text" | "cure">[];
  readonly rules_not_done: readonly RuleNotDone[];
}
