/** deploy/man/branchline.yaml.5: the reference as a page for man(1), made from the rows and words of all sections. */
import { defaultOf, kindOf, listedPaths, pageOf, TOPS, wordsAt } from "./key-words.ts";
import { effectOf } from "./reference-page.ts";

const HEAD = `.\\" By "npm run reference", from the keys in src/app/config.
.TH BRANCHLINE.YAML 5 "2026-11-29" "branchline" "File Formats"
.SH NAME
branchline.yaml \\- configuration of branchline
.SH DESCRIPTION
One YAML file tells
.BR branchline (1)
where the phones, the PBX and the gateway are.
Only
.B listen
and
.B localnet
are required.
A dot in the name of a key below stands for a mapping within:
.B dns.servers
is written
.BR "dns: {servers: [10.222.237.1]}" .
NAME stands for a name that you choose.
A duration has its unit:
.BR 500ms ", " 4s ", " 5m ", " 1h .
.PP
.B branchline check
says in words what a file does, or names each fault with line, column and cure.
.B branchline reload
makes the running branchline use a change,
except for the keys that say "at a restart".
.B branchline schema
prints a JSON Schema by which editors complete and check the file.
.SH KEYS
`;

const TAIL = `.SH FILES
.TP
.I /etc/branchline/branchline.yaml
The configuration on Debian.
The environment variable
.B BRANCHLINE_CONFIG
names the one that commands without
.B \\-c
mean.
.SH SEE ALSO
.BR branchline (1)
`;

/** The whole page. */
export function manPage(): string {
  return HEAD + TOPS.map(sectionOf).join("") + TAIL;
}

function sectionOf(top: (typeof TOPS)[number]): string {
  const { about, example } = pageOf(top);
  const keys = listedPaths(top).map(entryOf).join("");
  const lines = example.split("\n").map((line) => inLine(escaped(line)));
  return `.SS ${escaped(top)}\n${prose(about)}${keys}.PP\nExample:\n.PP\n.nf\n.RS 4\n${lines.join("\n")}\n.RE\n.fi\n`;
}

function entryOf(path: string): string {
  const effect = effectOf(path) === "restart" ? "; a change takes effect at a restart" : "";
  const facts = `(${kindOf(path)}; ${defaultWords(defaultOf(path))}${effect})`;
  return `.TP\n.B ${escaped(path)}\n${prose(facts)}.br\n${prose(wordsAt(path).words)}`;
}

function defaultWords(standard: string): string {
  return standard === "required" ? "required" : `default: ${standard}`;
}

/** Markdown as text for roff, a sentence a line: code is bold. */
function prose(markdown: string): string {
  const words = markdown.replace(/\[([^\]]*)\]\([^)]*\)/g, "$1");
  const parts = words.split("`").map((part, index) => (index % 2 === 0 ? escaped(part) : `\\fB${escaped(part)}\\fR`));
  const lines = parts.join("").split(/(?<=[.:;?!]) (?=[A-Z\\])/);
  return `${lines.flatMap(wrapped).map(inLine).join("\n")}\n`;
}

/** mandoc wants no longer lines of input. */
const WIDTH = 80;

function wrapped(text: string): string[] {
  const lines: string[] = [];
  for (const word of text.split(" ")) {
    const last = lines.pop();
    if (last === undefined) lines.push(word);
    else if (last.length + word.length < WIDTH - 2) lines.push(`${last} ${word}`);
    else lines.push(last, word);
  }
  return lines;
}

const CHARACTERS: Readonly<Record<string, string>> = {
  "\\": "\\e",
  "-": "\\-",
  "'": "\\(aq",
  "`": "\\(ga",
  "^": "\\(ha",
  "~": "\\(ti",
  "…": "...",
  "→": "\\(->",
  "\u00a7": "\\(sc",
};

function escaped(text: string): string {
  return text.replace(/[\\\-'`^~…→\u00a7]/g, (char) => CHARACTERS[char] ?? char);
}

/** A line that begins with a dot would be an order. */
function inLine(line: string): string {
  return /^[.']/.test(line) ? `\\&${line}` : line;
}
