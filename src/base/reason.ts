/** What went wrong, for a line of the log or of a command: an error's own words, without its name in front. */
export function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
