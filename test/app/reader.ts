/** A person at a terminal of 80 columns, one hour east of Greenwich, for tests of words. */
import type { Reader } from "../../src/app/words/times.ts";

export const READER: Reader = {
  width: 80,
  local: (iso) => {
    const moved = new Date(Date.parse(iso) + 3_600_000).toISOString();
    return { date: moved.slice(0, 10), time: moved.slice(11, 19), zone: "UTC+01:00" };
  },
};
