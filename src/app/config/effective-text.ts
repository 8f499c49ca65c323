/** A configuration as the text of one file: what it includes is part of it, its variables are filled in. */
import { isMap, isScalar, isSeq, type Node } from "yaml";
import { nameOf } from "./trees.ts";

/** A file may have as many characters; aliases of aliases would make more. */
const LENGTH_MAX = 512_000;
const DEPTH_MAX = 64;

/** Keys whose values are secrets by themselves, not the names of files that hold them. */
const SECRET = /(password|passwd|passphrase|token|psk)$/i;
/** "https://user:password@host", "sip:user:password@host": the password. */
const IN_URL = /((?:\/\/|\bsips?:)[^/@:\s]*:)[^/@\s]+@/gi;
/** "https://hooks.example.com/…": the path of a webhook is most often its secret. */
const WEBHOOK = /(\bhttps:\/\/[^\s/"'?#]+\/)[^\s"']+/gi;
const MASK = "********";

/** Texts that YAML takes for texts, and for nothing else, in a list between brackets too. */
const PLAIN = /^([A-Za-z_][\w./@-]*(:[\w./@-]+)*|\d+\.\d+\.\d+\.\d+(\/\d+)?)$/;
const NO_TEXT = /^(true|false|null)$/i;

/** @param resolve finds what an alias stands for. @throws RangeError where aliases make it too long or too deep */
export function effectiveText(
  root: Node | undefined,
  resolve: (node: unknown) => Node | undefined,
  isMasked: boolean,
): string {
  let length = 0;
  const counted = (text: string) => {
    length += text.length;
    if (length > LENGTH_MAX) throw new RangeError("the configuration is too long");
    return text;
  };
  /** What follows a key's colon or an item's dash: a blank and a value, or lines. */
  const value = (item: unknown, depth: number, isSecret: boolean): string => {
    const node = resolve(item);
    if (depth > DEPTH_MAX) throw new RangeError("the configuration is too deep");
    if (isMap(node)) return node.items.length === 0 ? " {}" : `\n${mapping(node, depth, isSecret)}`;
    if (!isSeq(node)) return ` ${scalar(node, isSecret)}`;
    const items = node.items.map(resolve);
    if (items.every((one) => isScalar(one))) return ` [${items.map((one) => scalar(one, isSecret)).join(", ")}]`;
    const margin = "  ".repeat(depth);
    const lines = items.map((one) => {
      if (isMap(one) && one.items.length > 0) return `${margin}- ${mapping(one, depth + 1, isSecret).trimStart()}`;
      return `${margin}-${value(one, depth + 1, isSecret)}`;
    });
    return `\n${lines.join("\n")}`;
  };
  const mapping = (node: Node & { items: readonly unknown[] }, depth: number, isSecret: boolean): string => {
    const lines = (node.items as readonly { key: Node; value: unknown }[])
      .filter(({ key }) => depth > 0 || nameOf(key) !== "include")
      .map((pair) => {
        const name = nameOf(pair.key);
        const within = value(pair.value, depth + 1, isSecret || SECRET.test(name));
        return `${"  ".repeat(depth)}${quoted(name)}:${within}`;
      });
    return lines.join("\n");
  };
  const scalar = (node: unknown, isSecret: boolean): string => {
    if (!isScalar(node)) return "null";
    const { value: found, source } = node;
    if (isMasked && isSecret) return counted(quoted(MASK));
    if (typeof found === "string") return counted(quoted(isMasked ? hidden(found) : found));
    return counted(source ?? String(found));
  };
  return isMap(root) ? `${mapping(root, 0, false)}\n` : "";
}

function hidden(text: string): string {
  return text.replace(IN_URL, `$1${MASK}@`).replace(WEBHOOK, `$1${MASK}`);
}

function quoted(text: string): string {
  return PLAIN.test(text) && !NO_TEXT.test(text) ? text : JSON.stringify(text);
}
