/** The report of a drill as one page of HTML that needs nothing else: for an auditor, on paper too. */
import { withoutInk } from "../../base/ink.ts";
import type { DrillReport } from "../drill-report.ts";
import { endText, wayText } from "./calls-words.ts";
import { drilledWords, factsOf, phoneWords, waitWords } from "./drill-words.ts";
import { counted } from "./lines.ts";
import type { Reader } from "./times.ts";

const STYLE =
  ":root{color-scheme:light dark}body{font:16px/1.5 sans-serif;max-width:60em;margin:2em auto;padding:0 1em}" +
  "table{border-collapse:collapse;width:100%;margin:0 0 1.5em}th,td{border:1px solid;padding:.3em .5em;text-align:left;vertical-align:top;overflow-wrap:anywhere}";

/** @param version of branchline, and `host` of the router: whose report it is */
export function reportPage(report: DrillReport, version: string, host: string, reader: Reader): string {
  const { drilled, calls, calls_left_out } = report;
  const facts = [["Router", `${host}, branchline ${version}`], ...factsOf(report, reader)];
  const { zone } = reader.local(report.started);
  const phones = drilled.map((one) => [one.phone, phoneWords(one)]);
  const rows = calls.map((call) => {
    const { date, time } = reader.local(call.at);
    return [`${date} ${time}`, call.from, call.to, wayText(call), waitWords(call), endText(call)];
  });
  const title = `Drill ${report.id}: ${drilledWords(report.phones)}`;
  const more = calls_left_out === 0 ? "" : `<p>${counted(calls_left_out, "call")} more had no room here.</p>\n`;
  return `<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>${escaped(title)}</title>
<style>${STYLE}</style>
</head>
<body>
<h1>${escaped(title)}</h1>
<table>
${facts.map(([name = "", text = ""]) => `<tr><th scope="row">${escaped(name)}</th><td>${escaped(text)}</td></tr>`).join("\n")}
</table>
<h2>Phones</h2>
${table(["Phone", "In the drill"], phones)}
<h2>Calls</h2>
<p>Times are in ${escaped(zone)}. The wait is the time from the INVITE until branchline tried the last phone or gateway for the call.</p>
${table(["Time", "From", "To", "Way", "Wait", "End"], rows)}
${more}</body>
</html>
`;
}

function table(heads: readonly string[], rows: readonly (readonly string[])[]): string {
  const cells = (row: readonly string[]) => row.map((text) => `<td>${escaped(text)}</td>`).join("");
  const head = heads.map((text) => `<th scope="col">${text}</th>`).join("");
  const body = rows.map((row) => `<tr>${cells(row)}</tr>`).join("\n");
  return `<table>\n<thead><tr>${head}</tr></thead>\n<tbody>\n${body}\n</tbody>\n</table>`;
}

const ENTITIES: Readonly<Record<string, string>> = { "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;" };

/** What a phone or a gateway has said is in it. */
function escaped(text: string): string {
  return withoutInk(text).replace(/[&<>"]/g, (one) => ENTITIES[one] ?? "");
}
