/** How gateways of equal priority share calls: each strategy in one row, which the file's `gateway_choice` names. */
import type { Request } from "../message/message.ts";

/** What a strategy may look at. */
export interface Sharing {
  /** In the order of the file; two at least. */
  readonly equals: readonly Equal[];
  readonly request: Request;
  /** How many calls have been shared before. */
  readonly turn: number;
  /** A number by chance, from 0 up to, but not, 1. */
  chance(): number;
}

/** What a gateway has of calls; `gateways/calls.ts` knows. */
export interface Usage {
  /** Those that occupy its channels now. */
  readonly calls: number;
  /** When the last one ended, or was refused there; before all times where none has since branchline was started. */
  readonly ended_ms: number;
}

export interface Equal {
  readonly weight: number;
  usage(): Usage;
}

interface Strategy {
  /** A sentence for the page of keys. */
  readonly about: string;
  /** Which of the equals comes first, by its place; the others follow in the order of the file. */
  first(sharing: Sharing): number;
}

const STRATEGIES = {
  weighted: {
    about: "chooses at random by weight",
    first: ({ equals, chance }) => {
      let place = chance() * equals.reduce((sum, { weight }) => sum + weight, 0);
      const found = equals.findIndex(({ weight }) => {
        place -= weight;
        return place < 0;
      });
      return Math.max(0, found);
    },
  },
  "fewest-calls": {
    about: "chooses the gateway with the fewest calls for its weight",
    first: ({ equals }) => {
      const loads = equals.map(({ weight, usage }) => usage().calls / weight);
      return loads.indexOf(Math.min(...loads));
    },
  },
  "longest-idle": {
    about: "chooses the gateway whose last call ended longest ago; gateways that carry no call now come first",
    first: ({ equals }) => {
      const usages = equals.map(({ usage }) => usage());
      const idle = usages.filter(({ calls }) => calls === 0);
      const candidates = idle.length > 0 ? idle : usages;
      return usages.indexOf(candidates.reduce((first, one) => (one.ended_ms < first.ended_ms ? one : first)));
    },
  },
  "round-robin": { about: "takes turns", first: ({ equals, turn }) => turn % equals.length },
  "hash-call-id": {
    about: "gives all requests of a call the same gateway",
    first: ({ equals, request }) => hash(request.callId) % equals.length,
  },
  "hash-from": {
    about: "gives all calls of a caller the same gateway",
    first: ({ equals, request }) => hash(request.from?.uri ?? "") % equals.length,
  },
} as const satisfies Readonly<Record<string, Strategy>>;

export type GatewayChoice = keyof typeof STRATEGIES;

export const GATEWAY_CHOICES = Object.keys(STRATEGIES) as readonly GatewayChoice[];

/** What each of them does: sentences in Markdown. */
export const CHOICES_ABOUT = Object.entries(STRATEGIES)
  .map(([name, { about }]) => `\`${name}\` ${about}.`)
  .join(" ");

/** The place of the gateway that comes first. */
export function firstBy(choice: GatewayChoice, sharing: Sharing): number {
  const strategy: Strategy = STRATEGIES[choice];
  return strategy.first(sharing);
}

function hash(text: string): number {
  let value = 0;
  for (let position = 0; position < text.length; position++) {
    value = (Math.imul(value, 31) + text.charCodeAt(position)) | 0;
  }
  return value >>> 0;
}
