/** Reads a YAML tree against what is expected of it, and collects all faults with their places and cures. */
import {
  type Document,
  isAlias,
  isMap,
  isScalar,
  isSeq,
  LineCounter,
  type Node,
  parseDocument,
  visit,
  type YAMLMap,
} from "yaml";

export interface Problem {
  readonly line: number;
  readonly column: number;
  /** Such as "gateways[0]"; "" for the whole file. */
  readonly path: string;
  readonly message: string;
}

/** A value in the file, with the way to it. */
export interface Place {
  readonly node: Node | undefined;
  readonly path: string;
}

const DURATION = /^(\d+(?:\.\d+)?)(ms|s|m|h)$/;
const UNIT_ms: Readonly<Record<string, number>> = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000 };

/** Where the words of the YAML library are for programmers. */
const CURES: Readonly<Record<string, string>> = {
  DUPLICATE_KEY: "this key stands in the mapping already; remove one of them",
  MULTIPLE_DOCS: "a second document begins here; keep one",
};

export class Reader {
  readonly problems: Problem[] = [];
  /** What may be meant so. */
  readonly hints: Problem[] = [];
  private readonly lines = new LineCounter();
  private document: Document | undefined = undefined;

  /** The root of the file; undefined when it isn't YAML at all. */
  parse(text: string): Place | undefined {
    const document = parseDocument(text, {
      lineCounter: this.lines,
      prettyErrors: false,
      resolveKnownTags: false,
      schema: "core",
    });
    this.document = document;
    for (const error of document.errors) {
      const { line, col } = this.lines.linePos(error.pos[0]);
      this.problems.push({ line, column: col, path: "", message: CURES[error.code] ?? error.message });
    }
    visit(document, {
      Alias: (_, node) => {
        if (node.resolve(document) === undefined)
          this.fault({ node, path: "" }, `*${node.source} names no anchor above it`);
      },
    });
    if (this.problems.length > 0) return undefined;
    return { node: (document.contents ?? undefined) as Node | undefined, path: "" };
  }

  /** The whole file as plain values; undefined when it has faults, or more aliases than a person would write. */
  plain(): unknown {
    if (this.problems.length > 0) return undefined;
    try {
      return this.document?.toJS();
    } catch {
      return undefined;
    }
  }

  fault(place: Place, message: string, list = this.problems): void {
    const offset = place.node?.range?.[0] ?? 0;
    const { line, col } = this.lines.linePos(offset);
    list.push({ line: Math.max(line, 1), column: Math.max(col, 1), path: place.path, message });
  }

  /** The values of a mapping with no other keys than `known`. Undefined, with a fault, when it is something else. */
  fields(place: Place, known: readonly string[]): ReadonlyMap<string, Place> | undefined {
    const { node } = place;
    if (!isMap(node)) {
      this.fault(place, `must be a mapping with the keys ${known.join(", ")}`);
      return undefined;
    }
    const items = new Map<string, Place>();
    for (const { key, value } of this.pairs(node)) {
      const name = nameOf(key);
      const path = place.path === "" ? name : `${place.path}.${name}`;
      const keyPlace = { node: key, path };
      if (!known.includes(name)) this.fault(keyPlace, unknownKey(name, known));
      else items.set(name, { node: value, path });
    }
    return items;
  }

  /** The entries of a mapping whose keys are the administrator's own. */
  entries(place: Place): { readonly key: string; readonly place: Place }[] {
    const { node } = place;
    if (!isMap(node)) {
      this.fault(place, "must be a mapping");
      return [];
    }
    return this.pairs(node).map(({ key, value }) => {
      const name = nameOf(key);
      return { key: name, place: { node: value, path: `${place.path}.${name}` } };
    });
  }

  /** The items of a list; a single value stands for a list of one. */
  items(place: Place): Place[] {
    const { node, path } = place;
    if (!isSeq(node)) return [place];
    return node.items.map((item, index) => ({ node: this.resolve(item), path: `${path}[${index}]` }));
  }

  isMapping(place: Place): boolean {
    return isMap(place.node);
  }

  /** Whether a mapping at `place` has the key; false for anything else. */
  hasKey({ node }: Place, key: string): boolean {
    return isMap(node) && node.has(key);
  }

  /** Text; numbers count as text. Undefined, with a fault, for anything else. */
  text(place: Place, expected: string): string | undefined {
    const value = isScalar(place.node) ? place.node.value : undefined;
    if (typeof value === "string" && value.trim() !== "") return value.trim();
    if (typeof value === "number") return isScalar(place.node) ? (place.node.source ?? String(value)) : String(value);
    this.fault(place, `must be ${expected}`);
    return undefined;
  }

  /** Text of one line that may be empty. */
  textOrEmpty(place: Place): string | undefined {
    const { node } = place;
    const isEmpty = isScalar(node) && (node.value === "" || node.value === null);
    return isEmpty ? "" : this.text(place, "a text");
  }

  /** One of `choices`, written as text or number. */
  choice<T extends string | number>(place: Place, choices: readonly T[]): T | undefined {
    const value = isScalar(place.node) ? place.node.value : undefined;
    const found = choices.find((choice) => String(choice) === String(value));
    if (found === undefined) this.fault(place, `must be one of ${choices.join(", ")}`);
    return found;
  }

  /** True or false. */
  flag(place: Place): boolean | undefined {
    const text = this.choice(place, ["true", "false"]);
    return text === undefined ? undefined : text === "true";
  }

  count(place: Place, least: number, most: number): number | undefined {
    const value = isScalar(place.node) ? place.node.value : undefined;
    if (typeof value === "number" && Number.isInteger(value) && value >= least && value <= most) return value;
    this.fault(place, `must be a whole number from ${least} to ${most}`);
    return undefined;
  }

  /** Milliseconds of a duration with its unit, such as 4s, 500ms, 5m or 1h. */
  duration_ms(place: Place, least_ms: number, most_ms: number): number | undefined {
    const value = isScalar(place.node) ? place.node.value : undefined;
    const duration_ms = durationOf_ms(String(value).trim());
    if (duration_ms >= least_ms && duration_ms <= most_ms) return duration_ms;
    const hint = typeof value === "number" ? `; did you mean ${value}s?` : "";
    this.fault(
      place,
      `must be a duration with its unit, from ${spell(least_ms)} to ${spell(most_ms)}, such as 4s${hint}`,
    );
    return undefined;
  }

  private pairs(map: YAMLMap): { key: Node; value: Node | undefined }[] {
    return map.items.map((pair) => ({ key: pair.key as Node, value: this.resolve(pair.value) }));
  }

  /** What stands at an anchor, where the file names it by an alias. */
  private resolve(item: unknown): Node | undefined {
    const node = (item ?? undefined) as Node | undefined;
    return isAlias(node) && this.document !== undefined ? node.resolve(this.document) : node;
  }
}

/** A key as it is written: 0301 and +4930 are called numbers, not values. */
function nameOf(key: Node): string {
  if (!isScalar(key)) return String(key);
  return typeof key.value === "string" ? key.value : (key.source ?? String(key.value));
}

function unknownKey(name: string, known: readonly string[]): string {
  const [first = "", ...inner] = name.split(".");
  if (inner.length > 0 && known.includes(first)) {
    const nested = inner.reduceRight((value, key) => `{${key}: ${value}}`, "…");
    return `is not a key that branchline knows; write ${first}: ${nested}`;
  }
  const near = nearest(name, known);
  const proposal = near === undefined ? `known keys are ${known.join(", ")}` : `did you mean ${near}?`;
  return `is not a key that branchline knows; ${proposal}`;
}

/** Which of them is meant, perhaps. */
export function nearest(name: string, known: readonly string[]): string | undefined {
  const near = known.filter((candidate) => isNear(name, candidate));
  return near.sort((one, other) => editDistance(name, one) - editDistance(name, other))[0];
}

/** Whether the name is short for the candidate, or differs by little: two letters more, less or other, in a short word one. */
function isNear(name: string, candidate: string): boolean {
  const left = name.toLowerCase().replace(/[-_]/g, "");
  const right = candidate.toLowerCase().replace(/[-_]/g, "");
  if (left.length >= 3 && right.startsWith(left)) return true;
  return editDistance(left, right) <= (Math.min(left.length, right.length) > 3 ? 2 : 1);
}

function editDistance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, index) => index);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      const change = (row[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1);
      next.push(Math.min(change, (row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1));
    }
    row = next;
  }
  return row[b.length] ?? 0;
}

/** Milliseconds of a duration as the file writes it; NaN for any other text. */
export function durationOf_ms(text: string): number {
  const [, amount, unit = ""] = DURATION.exec(text) ?? [];
  return Math.round(Number(amount) * (UNIT_ms[unit] ?? Number.NaN));
}

/** A duration as one would write it in the file. */
export function spell(duration_ms: number): string {
  if (duration_ms % 3_600_000 === 0 && duration_ms > 0) return `${duration_ms / 3_600_000}h`;
  if (duration_ms % 60_000 === 0 && duration_ms > 0) return `${duration_ms / 60_000}m`;
  if (duration_ms % 1_000 === 0) return `${duration_ms / 1_000}s`;
  return `${duration_ms}ms`;
}

/** "udp, tcp or tls". */
export function listed(names: readonly string[], last: "and" | "or"): string {
  return `${names.slice(0, -1).join(", ")} ${last} ${names[names.length - 1]}`;
}
