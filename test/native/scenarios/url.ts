/** In the place of Node's `url` inside a binary: files of the tests are found below $BRANCHLINE_REPOSITORY. */
const { BRANCHLINE_REPOSITORY = "." } = process.env;

/** A module in a binary has no place: the only ones that ask for theirs lie in test/support/. */
export function fileURLToPath(_url: unknown): string {
  return `${BRANCHLINE_REPOSITORY}/test/support/any.ts`;
}
