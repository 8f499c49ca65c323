/** debian/copyright: who has written what is in the .deb, and under which licences, in Debian's form for machines (DEP-5). */
import { noticesIn } from "../licenses.mjs";

const FORMAT = "https://www.debian.org/doc/packaging-manuals/copyright-format/1.0/";
/** What Debian calls the licences that notices name. */
const DEBIAN_NAMES = { MIT: "Expat", ISC: "ISC", "GPL-3+ with GCC-exception-3.1": "GPL-3+ with GCC-3.1 exception" };
/** Those of which Debian has the text, so that it needs not be repeated. */
const COMMON = { "GPL-3+ with GCC-3.1 exception": "GPL-3" };
/** Before the terms, which speak of "the above copyright notice". */
const HOLDER = /^[ \t]*Copyright(?: \(c\))? (.+)$/gm;
/** As above, and within a sentence: the C library's parts have authors of their own. */
const HOLDERS = /(?:^[ \t]*|\bis )Copyright(?: \([cC]\)| ©)? (.+?)(?: and licensed| or|\. It is licensed.*)?$/gm;
const TITLE = /^[ \t]*\(?(?:The )?(?:MIT|ISC) License\)?[ \t]*$/gim;

/**
 * @param {string} licenses the text of LICENSES, whose first notice is branchline's own
 * @param {string} program path of the one file that has parts of others
 * @returns {string}
 * @throws when a licence has no name here, or a notice names nobody
 */
export function copyrightFile(licenses, program) {
  const notices = noticesIn(licenses);
  const [own, ...others] = notices;
  const used = [...new Set(notices.map(debianName))];
  const parts = others.map((one) => `${one.name} ${one.version} (${debianName(one)})`);
  const paragraphs = [
    [
      ["Format", FORMAT],
      ["Upstream-Name", "branchline"],
    ],
    [
      ["Files", "*"],
      ["Copyright", holdersOf(own).join("\n")],
      ["License", debianName(own)],
    ],
    [
      ["Files", program],
      ["Copyright", notices.flatMap(holdersOf).join("\n")],
      ["License", used.join(" and ")],
      [
        "Comment",
        `One file, made of branchline's own and of parts of\n${parts.join("\n")}\nTheir licences, word for word, are in usr/share/doc/branchline/LICENSES.`,
      ],
    ],
    ...used.map((name) => [["License", `${name}\n${termsOf(notices.find((one) => debianName(one) === name))}`]]),
  ];
  return paragraphs.map((fields) => fields.map(([name, value]) => field(name, value)).join("")).join("\n");
}

function debianName({ name, license }) {
  const known = DEBIAN_NAMES[license];
  if (known === undefined)
    throw new Error(`${name} is under ${license}: say in debian-copyright.mjs what Debian calls that`);
  return known;
}

/** @returns {string[]} such as "2026 The branchline authors" */
function holdersOf({ name, text }) {
  const holders = [...text.matchAll(HOLDERS)].map(([, holder]) => holder.trim());
  if (holders.length === 0) throw new Error(`the licence of ${name} doesn't say who its authors are`);
  return holders;
}

/** The licence without its title and its holders. */
function termsOf(notice) {
  const { text } = notice;
  const common = COMMON[debianName(notice)];
  if (common !== undefined) {
    return `The licence itself is in /usr/share/common-licenses/${common} on Debian systems.\n\n${text}`;
  }
  return text.replace(HOLDER, "").replace(TITLE, "").trim();
}

/** Lines that go on begin with a space, and an empty one is a full stop. */
function field(name, value) {
  const [first, ...more] = value.split("\n").map((line) => line.trimEnd());
  return `${[`${name}: ${first}`, ...more.map((line) => ` ${line === "" ? "." : line}`)].join("\n")}\n`;
}
