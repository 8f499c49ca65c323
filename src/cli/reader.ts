/** The person at the terminal, for words that depend on it: its time zone, and how wide a line may be. */
import type { Reader } from "../app/words/times.ts";
import { localMoment } from "../io/node/local-time.ts";
import { width } from "./paper.ts";

export function reader(): Reader {
  return { width: width(), local: localMoment };
}
