/**
 * Chance of random tests. Each run plays the same cases, so that a change is judged by what it changes; `BRANCHLINE_SEED=any` plays others,
 * as the long form does, and `BRANCHLINE_SEED=N` those that a failure has named.
 */

const SEEDS = 1_000_000_000;

/** @returns a whole number from 0, below 1,000,000,000 if it isn't given by $BRANCHLINE_SEED; always the same of one title by default */
export function chosenSeed(title: string): number {
  const given = process.env["BRANCHLINE_SEED"];
  if (given !== undefined && given !== "any") return Number(given);
  if (given === "any" || process.env["BRANCHLINE_LONG"] === "1") return Math.floor(Math.random() * SEEDS);
  let hash = 0;
  for (const letter of title) hash = (hash * 31 + letter.charCodeAt(0)) % SEEDS;
  return hash;
}

/** As {@link chosenSeed}, and printed, so that a failure can be played again. */
export function seedOf(title: string): number {
  const seed = chosenSeed(title);
  console.log(`${title}: seed ${seed} (BRANCHLINE_SEED plays it again)`);
  return seed;
}
