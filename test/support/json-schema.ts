/** deploy/branchline.schema.json: the table of keys as a JSON Schema (draft-07), by which editors complete and check a file. */
import type { ListRow, Row } from "../../src/app/config/key-kinds.ts";
import { keysBelow } from "../../src/app/config/key-paths.ts";
import { KEYS } from "../../src/app/config/sections.ts";
import { hasKeysBelow, PAGES, PATHS, plain, rowAt, TOPS, wordsAt } from "./key-words.ts";

export type Schema = { readonly [key: string]: unknown };

const DURATION = "^\\s*\\d+(\\.\\d+)?(ms|s|m|h)\\s*$";
const NUMBER = "^\\s*[\\w.+*#-]+\\s*$";
const URI = "^\\s*[sS][iI][pP][sS]?:\\S";
/** Text with more than blanks in it; a number is text too. */
const TEXT = "\\S";

/** The whole of it. */
export function jsonSchema(): Schema {
  const properties = TOPS.map((top) => [top, { description: plain(PAGES[top].about), ...valueAt(top) }]);
  return {
    $schema: "http://json-schema.org/draft-07/schema#",
    title: "Configuration of branchline",
    ...mapping(Object.fromEntries(properties), requiredBelow("")),
    definitions: definitions(),
  };
}

/** What stands in several places, by a name without dots. */
function definitions(): Schema {
  const entries = PATHS.filter((path) => isListOfMappings(path)).map((path) => [
    nameOf(path),
    mapping(propertiesBelow(path), requiredBelow(path)),
  ]);
  return { probe: mapping(propertiesBelow("upstream.targets.probe"), []), ...Object.fromEntries(entries), ...FORMS };
}

/** Forms of single values. */
const FORMS: Readonly<Record<string, Schema>> = {
  duration: { type: "string", pattern: DURATION },
  number: textLike(NUMBER),
  uri: { type: "string", pattern: URI },
  text: textLike(TEXT),
  flag: { anyOf: [{ type: "boolean" }, { type: "string", pattern: "^(true|false)$" }] },
};

function isListOfMappings(path: string): boolean {
  const row = rowAt(path);
  return row?.kind === "list" && row.hasKeys === true;
}

function nameOf(path: string): string {
  return path.replace(/\./g, "_");
}

/** Words beside a reference count only where it is one of several. */
function reference(name: string): Schema {
  return { allOf: [{ $ref: `#/definitions/${name}` }] };
}

function mapping(properties: object, required: readonly string[]): Schema {
  const more = required.length > 0 ? { required } : {};
  return { type: "object", properties, ...more, additionalProperties: false };
}

function keys(branch: string): string[] {
  return keysBelow(KEYS as Readonly<Record<string, Row>>, branch as "");
}

function requiredBelow(branch: string): string[] {
  return keys(branch).filter((key) => rowAt(branch === "" ? key : `${branch}.${key}`)?.required !== undefined);
}

function propertiesBelow(branch: string): object {
  return Object.fromEntries(
    keys(branch).map((key) => {
      const path = `${branch}.${key}`;
      const { words } = wordsAt(path);
      return [key, { ...(words === "" ? {} : { description: plain(words) }), ...valueAt(path) }];
    }),
  );
}

/** What the value of a key may be, and its default. */
function valueAt(path: string): Schema {
  const row = rowAt(path);
  const forms = [...(row === undefined ? [] : formsOf(path, row)), ...mappingsAt(path, row)];
  const standard = row?.default === undefined ? {} : { default: row.default };
  return { ...(forms.length === 1 ? forms[0] : { anyOf: forms }), ...standard };
}

/** The mappings that may stand there, by the rows below. */
function mappingsAt(path: string, row: Row | undefined): Schema[] {
  if (!hasKeysBelow(path)) return [];
  if (wordsAt(path).keysOf !== undefined) return [reference("probe")];
  if (row?.kind === "list" && row.hasKeys === true) {
    const own = reference(nameOf(path));
    return [own, { type: "array", items: itemAt(path, row, own) }];
  }
  const isOfNames = keys(path).includes("NAME");
  return [
    isOfNames
      ? { type: "object", additionalProperties: nameBelow(path) }
      : mapping(propertiesBelow(path), requiredBelow(path)),
  ];
}

function nameBelow(path: string): Schema {
  const below = `${path}.NAME`;
  return rowAt(below) === undefined ? mapping(propertiesBelow(below), requiredBelow(below)) : valueAt(below);
}

function itemAt(path: string, row: ListRow, own: Schema): Schema {
  const forms = formsOf(path, row.of as Row);
  return forms.length === 0 ? own : { anyOf: [...forms, own] };
}

function formsOf(path: string, row: Row): Schema[] {
  const { pattern } = wordsAt(path);
  if (pattern !== undefined && row.kind !== "list") return [textLike(pattern)];
  switch (row.kind) {
    case "duration":
      return [reference("duration")];
    case "count":
      return [{ type: "integer", minimum: row.least, maximum: row.most }];
    case "choice":
      return choiceForms(row.choices);
    case "flag":
      return [reference("flag")];
    case "uri":
      return [reference("uri")];
    case "number":
      return [reference("number")];
    case "text":
      return [reference("text")];
    case "list":
      return listForms(path, row as ListRow<Row>);
    default:
      return [];
  }
}

function listForms(path: string, { of, hasKeys }: ListRow<Row>): Schema[] {
  const items = formsOf(path, of);
  if (hasKeys === true || items.length === 0) return items;
  return [...items, { type: "array", items: items.length === 1 ? items[0] : { anyOf: items } }];
}

/** Text may be written without quotes where it looks like a number. */
function textLike(pattern: string): Schema {
  return { type: ["string", "number"], pattern };
}

function choiceForms(choices: readonly (string | number)[]): Schema[] {
  const numbers = choices.filter((one) => typeof one === "number");
  const asText = numbers.length > 0 ? [{ type: "string", pattern: `^(${numbers.join("|")})$` }] : [];
  return [{ enum: choices }, ...asText];
}

/** Whether a value keeps to a schema, by the words of draft-07 that are used here. @throws for any other word */
export function keepsTo(schema: Schema, value: unknown, root: Schema = schema): boolean {
  return Object.entries(schema).every(([word, rule]) => {
    const check = WORDS[word];
    if (check === undefined) throw new Error(`no such word in this validator: ${word}`);
    return check(rule as never, value, root, schema);
  });
}

type Check = (rule: never, value: unknown, root: Schema, around: Schema) => boolean;

const isObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === "object" && value !== null && !Array.isArray(value);

const TYPES: Readonly<Record<string, (value: unknown) => boolean>> = {
  object: isObject,
  array: (value) => Array.isArray(value),
  string: (value) => typeof value === "string",
  number: (value) => typeof value === "number",
  integer: (value) => Number.isInteger(value),
  boolean: (value) => typeof value === "boolean",
};

const ignored: Check = () => true;

const WORDS: Readonly<Record<string, Check>> = {
  $schema: ignored,
  title: ignored,
  description: ignored,
  default: ignored,
  definitions: ignored,
  type: (rule: string | readonly string[], value) => [rule].flat().some((one) => TYPES[one]?.(value) === true),
  enum: (rule: readonly unknown[], value) => rule.includes(value),
  pattern: (rule: string, value) => typeof value !== "string" || new RegExp(rule).test(value),
  minimum: (rule: number, value) => typeof value !== "number" || value >= rule,
  maximum: (rule: number, value) => typeof value !== "number" || value <= rule,
  anyOf: (rule: readonly Schema[], value, root) => rule.some((one) => keepsTo(one, value, root)),
  allOf: (rule: readonly Schema[], value, root) => rule.every((one) => keepsTo(one, value, root)),
  $ref: (rule: string, value, root) => keepsTo(at(root, rule), value, root),
  items: (rule: Schema, value, root) => !Array.isArray(value) || value.every((one) => keepsTo(rule, one, root)),
  required: (rule: readonly string[], value) => !isObject(value) || rule.every((one) => one in value),
  properties: (rule: Readonly<Record<string, Schema>>, value, root) =>
    !isObject(value) || Object.entries(rule).every(([key, one]) => !(key in value) || keepsTo(one, value[key], root)),
  additionalProperties: (rule: boolean | Schema, value, root, { properties = {} }) =>
    !isObject(value) ||
    Object.entries(value)
      .filter(([key]) => !(key in (properties as object)))
      .every(([, one]) => typeof rule === "object" && keepsTo(rule, one, root)),
};

/** "#/definitions/probe" */
function at(root: Schema, reference: string): Schema {
  return reference
    .split("/")
    .slice(1)
    .reduce<Schema>((schema, key) => schema[key] as Schema, root);
}
