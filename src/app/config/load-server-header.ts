/** The file's `server_header`: what our own responses call this router. */
import { type Rows, text } from "./key-kinds.ts";
import type { PagesOf, WordsOf } from "./key-words.ts";
import type { Place, Reader } from "./reader.ts";
import { section } from "./section.ts";

const KEYS = {
  server_header: text(),
} as const satisfies Rows;

export function words(): WordsOf<typeof KEYS> {
  return {
    server_header: {
      kind: "product, or several with blanks between them",
      pattern: "^\\s*[-A-Za-z0-9.!%*_+`'~/]+(?: [-A-Za-z0-9.!%*_+`'~/]+)*\\s*$",
      words:
        "The value of the header field Server (RFC 3261 §20.35), such as `branchline-01` or `branchline/0.3`, at most 64 characters. Responses that branchline forwards stay as they are, and a 403 to strangers doesn't have the field.",
    },
  };
}

export function pages(): PagesOf<typeof KEYS> {
  return {
    server_header: {
      about:
        "A name for this router in the responses that branchline makes itself, such as 100 and 487. In a trace, it shows which of several routers has answered. It tells everybody who gets a response what this router is.",
      example: "server_header: branchline-01",
    },
  };
}

export const SERVER_HEADER = section(
  KEYS,
  (reader, top) => top.text("server_header", (place) => loadServerHeader(reader, place)),
  (value) => (value === undefined ? [] : [`Calls itself ${value} in the field Server of its own responses.`]),
);

/** RFC 3261 §25.1: a token, perhaps with another one as its version; comments are left out. */
const TOKEN = "[-A-Za-z0-9.!%*_+`'~]+";
const PRODUCTS = new RegExp(`^${TOKEN}(?:/${TOKEN})?(?: ${TOKEN}(?:/${TOKEN})?)*$`);
/** Each response of ours carries it, and a datagram has little room. */
const LENGTH_MAX = 64;

function loadServerHeader(reader: Reader, place: Place): string | undefined {
  const expected = "a product, such as branchline-01 or branchline/0.3";
  const value = reader.text(place, expected);
  if (value === undefined) return undefined;
  if (value.length > LENGTH_MAX) {
    reader.fault(place, `has ${value.length} characters; ${LENGTH_MAX} are the most, since each response has it`);
  } else if (PRODUCTS.test(value)) return value;
  else {
    const of = "of letters, digits and -.!%*_+`'~ (RFC 3261 §20.35)";
    reader.fault(place, `"${value}" must be ${expected}, ${of}`);
  }
  return undefined;
}
