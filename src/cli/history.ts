/** `branchline history`: what has happened at this branch for months. */
import type { HistoryPage, ToldEntry } from "../app/observe/history.ts";
import { historyCsv, historyText, newestFirst } from "../app/words/history-words.ts";
import { fail, print, printData, printJson } from "./paper.ts";
import { reader } from "./reader.ts";
import { theRunning } from "./running.ts";

const UNITS_s: Readonly<Record<string, number>> = { h: 3_600, d: 86_400 };

/** Why a time of `--since` is refused; undefined: it is fine. */
export function sinceFault(time: string): string | undefined {
  return sinceOf_s(time) === undefined ? "Must be a time from 1h to 9999d, such as 90d." : undefined;
}

function sinceOf_s(text: string): number | undefined {
  const [, count = "", unit = ""] = /^(\d{1,4})([hd])$/.exec(text) ?? [];
  const value = Number(count) * (UNITS_s[unit] ?? Number.NaN);
  return value > 0 ? value : undefined;
}

/** Prints what hadn't ended by then. @param time how far back, such as "90d" */
export async function showHistory(file: string, time: string, form: "text" | "csv" | "json"): Promise<void> {
  const running = await theRunning(file);
  const found: ToldEntry[] = [];
  const past_s = sinceOf_s(time) ?? 0;
  let page: HistoryPage | undefined;
  do {
    const before = page?.next === undefined ? {} : { before: page.next };
    page = (await running.ask({ command: "history", past_s, ...before })).history;
    if (page === undefined) fail("another version of branchline runs: restart it");
    found.push(...page.entries);
  } while (page.next !== undefined);
  const { since, began, counts } = page;
  const entries = newestFirst(found);
  if (form === "json") printJson({ since, began, counts, entries });
  else if (form === "csv") printData(historyCsv(entries));
  else print(historyText({ since, began, entries }, reader()));
}
