/** DNS servers, and what has been learned of each: what it doesn't understand, and whether it is silent. */
import { BoundedMap } from "../../base/bounded-map.ts";

/** Where a server is asked. */
export interface Server {
  /** An IP address; IPv6 may have a scope. */
  readonly address: string;
  readonly port: number;
}

/** What one can't do, each until a time; 0: it can. */
export interface Habits {
  /** It doesn't understand EDNS0, or firewalls take such queries away. */
  plainUntil_ms: number;
  /** It repeats questions in a case of its own. */
  foldsUntil_ms: number;
  /** It doesn't answer: the others are asked first. */
  silentUntil_ms: number;
}

const PORT = 53;
/** A server may be another one, or be upgraded. */
export const LEARNED_ms = 3_600_000;
/** The first question after that may find it alive. */
export const SILENT_ms = 30_000;
const SERVERS_REMEMBERED = 64;

/** "address", "address:port" or "[v6]:port". */
export function serverOf(text: string): Server {
  const [, bracketed, plain, port] = /^(?:\[(.+)\]|([^:]+))(?::(\d+))?$/.exec(text) ?? [];
  return { address: bracketed ?? plain ?? text, port: Number(port ?? PORT) };
}

/** What is known of servers, kept from question to question. */
export class Servers {
  private readonly habits = new BoundedMap<string, Habits>(SERVERS_REMEMBERED);

  /** What is known of one; the caller notes there what it learns. */
  of({ address, port }: Server): Habits {
    const key = `${address} ${port}`;
    const known = this.habits.get(key) ?? { plainUntil_ms: 0, foldsUntil_ms: 0, silentUntil_ms: 0 };
    this.habits.set(key, known);
    return known;
  }

  /** In the order in which they are asked: those that have been silent lately come last. */
  inOrder(texts: readonly string[], now_ms: number): Server[] {
    const all = texts.map(serverOf);
    const isSilent = (one: Server) => this.of(one).silentUntil_ms > now_ms;
    return [...all.filter((one) => !isSilent(one)), ...all.filter(isSilent)];
  }
}
