/** Chance of a test: from $BRANCHLINE_SEED, or another one each time; printed, so that a failure can be played again. */
export function seedOf(title: string): number {
  const seed = Number(process.env["BRANCHLINE_SEED"] ?? Math.floor(Math.random() * 2 ** 31));
  console.log(`${title}: seed ${seed} (BRANCHLINE_SEED plays it again)`);
  return seed;
}
