/** deploy/configuration.md: what people have written, and behind it what is made from the rows and words of all sections. */
import { lastingKeys } from "../../src/app/config/lasting.ts";
import { KEYS } from "../../src/app/config/sections.ts";
import { listed } from "../../src/app/config/suggestions.ts";
import { defaultOf, kindOf, listedPaths, PATHS, pageOf, rowAt, TOPS, wordsAt } from "./key-words.ts";

const MARK = "<!-- From here on, `npm run reference` writes this page from the keys in src/app/config. -->\n";
/** Before the mark, the one sentence that is made from the rows too. */
const RESTART = /A change of `.*?` needs a restart/;
const HEAD = "| key | value | default | takes effect | what it does |\n|---|---|---|---|---|\n";

/** The page with the part below the mark as it should be, and with the keys that need a restart. @throws when either has no place */
export function withReference(page: string): string {
  const end = page.indexOf(MARK);
  if (end < 0) throw new Error("deploy/configuration.md has no mark where the reference begins");
  if (!RESTART.test(page)) throw new Error("deploy/configuration.md doesn't say which keys need a restart");
  return page.slice(0, end).replace(RESTART, `A change of ${lastingWords()} needs a restart`) + MARK + reference();
}

function reference(): string {
  const links = TOPS.map((top) => `[${top}](#${top})`).join(", ");
  return `\n## Keys\n\n${links}.\n${TOPS.map(sectionOf).join("")}`;
}

function sectionOf(top: (typeof TOPS)[number]): string {
  const { about, example } = pageOf(top);
  const rows = listedPaths(top).map((path) => `| ${cellsOf(path).map(cell).join(" | ")} |\n`);
  return `\n### ${top}\n\n${about}\n\n${HEAD}${rows.join("")}\n\`\`\`yaml\n${example}\n\`\`\`\n`;
}

function cellsOf(path: string): string[] {
  return [`\`${path}\``, kindOf(path), defaultOf(path), effectOf(path), wordsAt(path).words];
}

function cell(text: string): string {
  return text.replace(/\|/g, "\\|");
}

/** When a change of the key takes effect. A mapping of which some keys are live is told of by its keys. */
export function effectOf(path: string): string {
  if (rowAt(path)?.effect === "restart") return "restart";
  return "reload";
}

/** The keys that a reload doesn't take over, as the page names them: "`listen` or `state.folder`". */
function lastingWords(): string {
  return listed(
    lastingKeys(KEYS).map((key) => `\`${key}\``),
    "or",
  );
}

/** All keys that are named in the page, each in a row of its own. */
export function pathsIn(page: string): string[] {
  return PATHS.filter((path) => page.includes(`| \`${path}\` |`));
}
