/** The status page: its document, the questions that it asks, and the events that say when. All of it only looks. */
import type { Controlled } from "../control.ts";
import type { HttpRequest } from "./http-request.ts";
import type { Notices } from "./notices.ts";
import type { TracePage } from "./trace.ts";
import type { Route, WebAnswer } from "./web.ts";

/** The document, as `build/page.mjs` makes it. */
export interface PageDocument {
  readonly html: () => string;
  /** The same by gzip, one character an octet. */
  readonly gzip: () => string;
  /** The Content-Security-Policy under which it works, and nothing else. */
  readonly policy: string;
  /** Changes with the document. */
  readonly tag: string;
}

/** What the page reads. */
export type PageSources = Pick<Controlled, "status" | "calls" | "registered" | "readiness" | "trace">;

export function pageRoutes(
  sources: PageSources,
  notices: Pick<Notices, "join">,
  page: PageDocument,
): readonly (readonly [string, Route])[] {
  return [
    ["/", { answer: (request) => documentAnswer(page, request) }],
    ["/api/status", { answer: () => json(sources.status()) }],
    ["/api/calls", { answer: ({ query }) => json(sources.calls(callsQuestion(query))) }],
    ["/api/registered", { answer: ({ query }) => json(sources.registered(query.get("after") ?? "")) }],
    ["/api/readiness", { answer: () => json(sources.readiness()) }],
    ["/api/ladder", { answer: ({ query }) => json(ladder(sources, query)) }],
    // Where a browser has lost the stream, it asks for it again by itself.
    [
      "/events",
      {
        answer: () => ({ type: "text/event-stream", body: "retry: 2000\n\n", stream: (write) => notices.join(write) }),
      },
    ],
  ];
}

/** RFC 9110 §12.5.3: what each browser says; a weight of 0 means never. */
const TAKES_GZIP = /(?:^|,)\s*(?:gzip|\*)\s*(?:;\s*q\s*=\s*(?:1|0\.\d*[1-9])[\d.]*\s*)?(?=,|$)/i;

/** A browser that has this very document already is told so. A client that can't unpack it gets it unpacked. */
function documentAnswer({ html, gzip, policy, tag }: PageDocument, { fields }: HttpRequest): WebAnswer {
  const isPacked = TAKES_GZIP.test(fields.get("accept-encoding") ?? "");
  const ETag = isPacked ? `"${tag}-gzip"` : `"${tag}"`;
  const type = "text/html; charset=utf-8";
  const headers = { "Cache-Control": "no-cache", "Content-Security-Policy": policy, ETag, Vary: "Accept-Encoding" };
  if (fields.get("if-none-match")?.includes(ETag)) return { type, headers, status: 304, body: "" };
  if (!isPacked) return { type, headers, body: html() };
  return { type, headers: { ...headers, "Content-Encoding": "gzip" }, body: gzip(), isOctets: true };
}

type Query = HttpRequest["query"];

function callsQuestion(query: Query): Parameters<PageSources["calls"]>[0] {
  const [before, since, match] = [numberIn(query, "before"), numberIn(query, "since"), query.get("match")];
  return {
    ...(before === undefined ? {} : { before }),
    ...(since === undefined ? {} : { since }),
    ...(match === undefined ? {} : { match }),
  };
}

/** A piece of the journal's entries of one call, masked; what the call was is known by its id. */
function ladder(sources: PageSources, query: Query): TracePage {
  const id = numberIn(query, "call") ?? 0;
  const call = sources.calls({ before: id + 1 }).calls.find((one) => one.id === id);
  const after = numberIn(query, "after");
  return sources.trace({
    calls: call?.legs.map(({ call_id }) => call_id) ?? [],
    ...(after === undefined ? {} : { after }),
  });
}

function numberIn(query: Query, name: string): number | undefined {
  const text = query.get(name) ?? "";
  return /^\d{1,15}$/.test(text) ? Number(text) : undefined;
}

function json(facts: object): WebAnswer {
  return { type: "application/json", body: JSON.stringify(facts) };
}
