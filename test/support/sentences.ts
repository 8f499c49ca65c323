/**
 * The language of comments and pages: a sentence names the thing in its subject. "Source addresses can be forged", not "Whoever
 * forges his address"; "A list has a limit of its own", not "What is in a list has".
 */

const PRONOUN = /^(?:Who|Whoever|Whom|Nobody|So many|So long|Whatever|Whichever)\b/;

const VERB =
  "is|isn't|was|wasn't|has|hasn't|had|are|aren't|were|can|can't|could|would|must|mustn't|may|should|will|stands|hears|comes|becomes|" +
  "tells|takes|remains|goes|follows|carries|waits|speaks|runs|passes|lies|stays|starts|reaches|outlives|needs|needn't|leads|holds|" +
  "happened|ends|concerns|came|belongs|begins|became|arrives|lingers|leaves|counts|gets|keeps|says|makes|gives|finds";
/** Between its two verbs a sentence has no other clause: those have verbs of their own. */
const NO_CLAUSE =
  "(?:(?!\\b(?:that|which|who|whom|whose|where|when|while|if|as|until|since|so|but|how|why|whether|what|whatever|than)\\b)[^,;:.()])*?";
/** "What lingers is small": all of the subject is a clause. */
const CLAUSE_AS_SUBJECT = new RegExp(`^What (?:else )?(?:${VERB})\\b${NO_CLAUSE} (?:${VERB})\\b`);
/** "What lingers": no page needs it. */
const CLAUSE = new RegExp(`^What (?:else )?(?:${VERB})\\b`);

/** The comments of a source file, each with the line in which it begins; lines of `//` below each other are one. */
export function commentsIn(source: string): { line: number; text: string }[] {
  const found: { line: number; text: string }[] = [];
  const lines = source.split("\n");
  for (let index = 0; index < lines.length; index += 1) {
    const line = lines[index] ?? "";
    const [, marker, first = ""] = /^(?:.*\s|)(\/\*\*?|\/\/)(?:\s(.*)|)$/.exec(line) ?? [];
    if (marker === undefined) continue;
    const begin = index;
    const texts = [first];
    if (marker === "//") {
      while (/^\s*\/\//.test(lines[index + 1] ?? "") && /^\s*\/\//.test(line)) {
        index += 1;
        texts.push((lines[index] ?? "").replace(/^\s*\/\/ ?/, ""));
      }
    } else {
      while (!(lines[index] ?? "*/").includes("*/")) {
        index += 1;
        texts.push((lines[index] ?? "").replace(/^\s*\* ?/, ""));
      }
    }
    found.push({ line: begin + 1, text: texts.join("\n").replace(/\s*\*\/.*$/, "") });
  }
  return found;
}

/** The sentences of a text, which may go over several lines. */
export function sentencesOf(text: string): string[] {
  return text
    .replace(/\s+/g, " ")
    .split(/(?<=[.!?:;])[\s*_`"”)]*\s+|\s\| +/)
    .map((sentence) => sentence.replace(/^[\s*>_#|-]+/, ""));
}

/** The sentences of a comment whose subject is a pronoun, or a clause. */
export function riddlesInComment(text: string): string[] {
  return sentencesOf(text).filter((one) => isStatement(one) && (PRONOUN.test(one) || CLAUSE_AS_SUBJECT.test(one)));
}

/** The same of a page, without its headings; there no sentence begins with a clause at all. */
export function riddlesInPage(lines: readonly string[]): string[] {
  const text = lines
    .map((line) => (/^#|^\s*$/.test(line) ? "." : /^\s*[-|\d]/.test(line) ? `. ${line}` : line))
    .join("\n");
  return sentencesOf(text).filter((one) => isStatement(one) && (PRONOUN.test(one) || CLAUSE.test(one)));
}

const isStatement = (sentence: string) => !sentence.endsWith("?");
