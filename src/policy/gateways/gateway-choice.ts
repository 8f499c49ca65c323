/** In which order the gateways are tried for a call: by carrier, or by priority and shared among equals. */
import type { Random } from "../../base/ports.ts";
import type { RoutedRequest } from "../../proxy/router.ts";
import { firstBy, type Usage } from "../gateway-strategies.ts";
import type { Gateway, GatewaySettings } from "../site.ts";

export class GatewayChoosing {
  private readonly settings: GatewaySettings;
  private readonly random: Random;
  private readonly byName: ReadonlyMap<string, Gateway>;
  /** Those of one priority, the best priority first. */
  private readonly ranks: readonly (readonly Gateway[])[];
  private readonly usageOf: (gateway: Gateway, now_ms: number) => Usage;
  private turn = 0;

  /** @param usageOf what a gateway has of calls */
  constructor(
    gateways: readonly Gateway[],
    settings: GatewaySettings,
    random: Random,
    usageOf: (gateway: Gateway, now_ms: number) => Usage,
  ) {
    this.settings = settings;
    this.usageOf = usageOf;
    this.random = random;
    this.byName = new Map(gateways.map((gateway) => [gateway.name, gateway]));
    const ranks = new Map<number, Gateway[]>();
    for (const gateway of gateways) {
      const rank = ranks.get(gateway.priority);
      if (rank === undefined) ranks.set(gateway.priority, [gateway]);
      else rank.push(gateway);
    }
    this.ranks = [...ranks].sort(([a], [b]) => a - b).map(([, rank]) => rank);
  }

  /** Those that may take a call to `number`, the first choice first. Takes a turn where turns are taken. */
  order(number: string, routed: RoutedRequest, now_ms: number): readonly Gateway[] {
    return this.byCarrier(number) ?? this.byPriority((equals) => this.first(equals, routed, now_ms));
  }

  /** The same for a call whose gateway has been chosen already; takes no turn. */
  rest(chosen: Gateway, number: string): readonly Gateway[] {
    const all = this.byCarrier(number) ?? this.byPriority(() => 0);
    return all.filter((gateway) => gateway !== chosen);
  }

  private byCarrier(number: string): readonly Gateway[] | undefined {
    let best: readonly string[] | undefined;
    let best_length = -1;
    for (const { prefixes, gateways } of this.settings.carriers) {
      for (const prefix of prefixes) {
        if (number.startsWith(prefix) && prefix.length > best_length) {
          best = gateways;
          best_length = prefix.length;
        }
      }
    }
    return best?.flatMap((name) => this.byName.get(name) ?? []);
  }

  /** @param firstOf which of several equals comes first; the others follow in the order of the file */
  private byPriority(firstOf: (equals: readonly Gateway[]) => number): readonly Gateway[] {
    return this.ranks.flatMap((equals) => {
      const first = equals.length === 1 ? 0 : firstOf(equals);
      return [...equals.slice(first), ...equals.slice(0, first)];
    });
  }

  private first(equals: readonly Gateway[], { request }: RoutedRequest, now_ms: number): number {
    this.turn += 1;
    const shared = equals.map((gateway) => ({ weight: gateway.weight, usage: () => this.usageOf(gateway, now_ms) }));
    const { random } = this;
    const chance = () => random.fraction();
    return firstBy(this.settings.choice, { equals: shared, request, turn: this.turn - 1, chance });
  }
}
