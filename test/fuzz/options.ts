/** The command line of `npm run fuzz`. */
import { parseArgs } from "node:util";

export const USAGE = `npm run fuzz -- [--messages N] [--minutes M] [--seed S] [--beside FILE]
  --messages  ends after so many messages (1000000)
  --minutes   ends after so many minutes, whatever has been reached (60)
  --seed      the same seed does the same again (a new one each time)
  --beside    a program of test/quickjs/programs/tape.ts, which is told the same and must say the same: campaigns of
              100000 messages, each with the next seed; speed isn't looked at
`;

export interface Options {
  readonly messages: number;
  readonly minutes: number;
  readonly seed: number;
  readonly beside: string | undefined;
}

/** Undefined when the arguments make no sense. */
export function readOptions(args: readonly string[], seed: number): Options | undefined {
  try {
    const type = "string";
    const options = { messages: { type }, minutes: { type }, seed: { type }, beside: { type } } as const;
    const { values } = parseArgs({ args: [...args], options });
    const read = {
      messages: Number(values.messages ?? 1_000_000),
      minutes: Number(values.minutes ?? 60),
      seed: Number(values.seed ?? seed),
    };
    const isSound = Object.values(read).every((value) => value > 0);
    return isSound ? { ...read, beside: values.beside } : undefined;
  } catch {
    return undefined;
  }
}
