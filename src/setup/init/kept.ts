/**
 * What the file of a branchline that runs here says, for `init` to propose and to keep: the answers to its questions, and all keys that
 * it doesn't ask for. Text is taken over as it is, with its comments.
 */
import type { Config } from "../../app/config/config.ts";
import { hostText } from "../../message/uri.ts";
import type { TlsFiles } from "../../transport/tls-files.ts";
import type { Draft, Key } from "./answers.ts";
import { once } from "./network.ts";

export interface Kept {
  /** Where it has been read. */
  readonly file: string;
  /** What it answers. */
  readonly answers: Draft;
  /** The text of each key at the left margin, without the comment above it. */
  readonly blocks: ReadonlyMap<string, string>;
  /** It forces a state of upstream, which isn't among the blocks: a rehearsal doesn't outlive its file. */
  readonly isForced: boolean;
}

/** What the file calls the answers. */
const TOPS: Readonly<Record<Key, string>> = {
  localnet: "localnet",
  upstream: "upstream",
  gateways: "gateways",
  members: "hunt_groups",
  emergency: "emergency",
  listen: "listen",
};
const ASKED = Object.keys(TOPS) as Key[];
/** Keys within those of the answers that are the answer itself. */
const OF_THE_ANSWER: readonly string[] = ["targets", "numbers", "default", "members", "uri", "address"];
/** Belongs to the file itself, not to what it says. */
const STATE = "state";
const TOP_LINE = /^(["']?)([a-z_]+)\1[ \t]*:/;

/**
 * @param text a valid file, and the configuration that it makes
 * @param isSameFolder whether the new file will be in its folder, so that relative paths mean the same there
 */
export function keptOf(file: string, text: string, { site, listeners, tls }: Config, isSameFolder = true): Kept {
  const blocks = new Map(blocksOf(text));
  const above = blocks.get(TOPS.upstream);
  const isForced = site.upstream.force !== "auto";
  if (isForced && above !== undefined) blocks.set(TOPS.upstream, withoutForce(above));
  const secure = blocks.get("tls");
  if (!isSameFolder && secure !== undefined && tls !== undefined) blocks.set("tls", withWholePaths(secure, tls));
  const { localnet, upstream, gateways, huntGroups, emergency } = site;
  const members = huntGroups.find(({ name }) => name === "default")?.members ?? [];
  return {
    file,
    answers: {
      localnet: localnet.ranges.map((range) => range.text),
      upstream: upstream.targets.map((uri) => uri.text),
      gateways: gateways.map(({ uri }) => uri.text),
      members: members.map((one) => (typeof one === "string" ? one : one.text)),
      emergency: emergency.numbers,
      listen: once(listeners.map(({ settings: { protocol, at, port } }) => `${protocol}:${hostText(at)}:${port}`)),
    },
    blocks,
    isForced,
  };
}

/** A key's text ends where the next one begins, or the comment above that. */
function blocksOf(text: string): ReadonlyMap<string, string> {
  const found = new Map<string, string>();
  let key = "";
  let comments = "";
  for (const line of text.replace(/^\ufeff/, "").split(/\r\n|\r|\n/)) {
    const next = TOP_LINE.exec(line)?.[2];
    if (line.startsWith("#")) comments += `${line}\n`;
    else if (line.trim() !== "" && (next ?? key) !== "") {
      // Above a key stands what its page says of it, above an item something of the item.
      found.set(next ?? key, `${next === undefined ? `${found.get(key) ?? ""}${comments}` : ""}${line}\n`);
      key = next ?? key;
      comments = "";
    }
  }
  return found;
}

/** Upstream's state in the file, with or without quotes. */
const FORCE = `["']?force["']?[ \\t]*:[ \\t]*["']?\\w+["']?`;
const FORCE_ALONE = new RegExp(`^[ \\t]+${FORCE}[ \\t]*,?[ \\t]*(#.*)?\\n`, "m");
const FORCE_IN_BRACES = new RegExp(`,\\s*${FORCE}|(\\{\\s*)${FORCE}\\s*,?\\s*`);

/** The text of `upstream` without its `force`, in a line of its own or in braces. */
function withoutForce(block: string): string {
  const left = block.replace(FORCE_ALONE, "");
  return left === block ? block.replace(FORCE_IN_BRACES, "$1") : left;
}

/** The text of `tls` with the paths that it means; in its comments too, which say the same in the same words. */
function withWholePaths(block: string, files: TlsFiles): string {
  return (["certificate", "key", "ca"] as const).reduce((text, name) => {
    const path = files[name];
    if (path === undefined) return text;
    const value = new RegExp(`((?:^|[\\s{,])(["']?)${name}\\2[ \\t]*:[ \\t]+)("[^"]*"|'[^']*'|[^\\s,}]+)`, "g");
    return text.replace(value, (_, before: string) => `${before}${JSON.stringify(path)}`);
  }, block);
}

/** What becomes of that file. */
export function keptText({ file, isForced }: Kept): string {
  const but = isForced ? ", except upstream.force" : "";
  return `What ${file} says is proposed. Settings that init doesn't ask for are kept${but}.`;
}

/** The text of an answer that is the old one: with all that the file says of it besides. */
export function sameBlock(kept: Kept | undefined, key: Key, draft: Draft): string | undefined {
  const [now = [], before = []] = [draft[key], kept?.answers[key]];
  const isSame = now.length > 0 && now.length === before.length && now.every((one) => before.includes(one));
  return isSame ? kept?.blocks.get(TOPS[key])?.trimEnd() : undefined;
}

/** The text of the keys that `init` doesn't ask for. @param isHere whether the new file takes the old one's place: its state stays then */
export function otherBlocks({ blocks }: Kept, isHere: boolean): ReadonlyMap<string, string> {
  const isAsked = (top: string) => ASKED.some((key) => TOPS[key] === top);
  return new Map([...blocks].filter(([top]) => !isAsked(top) && (top !== STATE || isHere)));
}

/** Whether that text alone says what it says in the file: not where it stands in braces, or names what another key has marked. */
export function canKeep({ blocks }: Kept, { written }: Config): boolean {
  const tops = once([...written.keys()].map((path) => path.replace(/\..*/, "")));
  return (
    tops.every((top) => blocks.has(top)) && [...blocks.values()].every((text) => !/[\s[{,:](\*[\w-]|&\w)/.test(text))
  );
}

/** Settings of the file that the new one hasn't, since the answer beside which they stand is another one, such as "upstream.may_dial_out". */
export function lostKeys(kept: Kept, draft: Draft): string[] {
  return ASKED.flatMap((key) => {
    const text = kept.blocks.get(TOPS[key]);
    if (text === undefined || sameBlock(kept, key, draft) !== undefined) return [];
    const bare = text.replace(TOP_LINE, "").replace(/(^|\s)#.*$/gm, "$1");
    const names = (bare.match(/(?:^|[{,\s-])["']?[\w+-]+["']?:(?=\s|$)/gm) ?? []).map((name) =>
      name.replace(/^[^\w+]+|["']?:$/g, ""),
    );
    return once(names)
      .filter((name) => !OF_THE_ANSWER.includes(name))
      .map((name) => `${TOPS[key]}.${name}`);
  });
}
