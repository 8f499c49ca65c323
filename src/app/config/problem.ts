/** A fault of the file, or what may not be meant so, with its place. */
export interface Problem {
  readonly line: number;
  readonly column: number;
  /** Such as "gateways[0]"; "" for the whole file. */
  readonly path: string;
  readonly message: string;
  /** The included file that it is in, as a person is told of it; missing: the file itself. */
  readonly file?: string;
}
