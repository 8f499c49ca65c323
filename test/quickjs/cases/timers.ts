/** Node's timers and immediates. */
import { Journal, pause } from "./journal.ts";
import type { Cases } from "./outcome.ts";

const SOON_ms = 20;

/** The lines by the time when all of it is over. */
async function noted(run: (journal: Journal) => void, duration_ms = 5 * SOON_ms): Promise<readonly string[]> {
  const journal = new Journal();
  run(journal);
  await pause(duration_ms);
  return journal.lines;
}

export const TIMERS: Cases = {
  "in the order of their times, and equal ones as they were set": () =>
    noted((journal) => {
      for (const wait_ms of [60, 20, 40, 20, 60]) setTimeout(() => journal.note(`${wait_ms}`), wait_ms);
    }),
  "no time at all": () =>
    noted((journal) => {
      for (const wait_ms of [Number.NaN, -5, 0, 1]) setTimeout(() => journal.note(`${wait_ms}`), wait_ms);
      setTimeout(() => journal.note("none"));
    }),
  "an interval ends itself": () =>
    noted((journal) => {
      let count = 0;
      const timer = setInterval(() => {
        journal.note("again");
        count += 1;
        if (count === 3) clearInterval(timer);
      }, 5);
    }),
  "one clears another that is due with it, and itself": () =>
    noted((journal) => {
      const first = setTimeout(() => {
        journal.note("first");
        clearTimeout(first);
        clearTimeout(second);
      }, SOON_ms);
      const second = setTimeout(() => journal.note("never"), SOON_ms);
      setTimeout(() => journal.note("last"), SOON_ms);
    }),
  "cleared twice, and when it is over": () =>
    noted((journal) => {
      const timer = setTimeout(() => journal.note("told"), 1);
      setTimeout(() => {
        clearTimeout(timer);
        clearTimeout(timer);
        clearTimeout(undefined);
      }, SOON_ms);
    }),
  "an immediate that another sets has its turn after all that were set before": () =>
    noted((journal) => {
      setImmediate(() => {
        journal.note("first");
        setImmediate(() => journal.note("third"));
      });
      setImmediate(() => journal.note("second"));
    }),
  "what a promise brings comes before the next immediate": () =>
    noted((journal) => {
      const later = (name: string) => () => {
        journal.note(name);
        Promise.resolve()
          .then(() => journal.note(`${name}'s promise`))
          .then(() => journal.note(`${name}'s second promise`));
      };
      setImmediate(later("one"));
      setImmediate(later("two"));
    }),
  "what a promise brings comes before the next timer": () =>
    noted((journal) => {
      const later = (name: string) => () => {
        journal.note(name);
        Promise.resolve().then(() => journal.note(`${name}'s promise`));
      };
      setTimeout(later("one"), SOON_ms);
      setTimeout(later("two"), SOON_ms);
    }),
  "a timer that keeps no process, and keeps it again": () =>
    noted((journal) => {
      setTimeout(() => journal.note("told"), 5)
        .unref()
        .ref()
        .unref();
    }),
};
