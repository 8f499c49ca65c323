/** The file's `hooks`: commands and webhooks that are told of events. */
import { hostText } from "../../message/uri.ts";
import { SITE_EVENTS, type SiteEventName } from "../observe/events.ts";
import { type Fields, fieldsOf } from "./fields.ts";
import { choice, duration, entries, list, mapping, type Rows, restart, text } from "./key-kinds.ts";
import type { PagesOf, WordsOf } from "./key-words.ts";
import type { Place, Reader } from "./reader.ts";
import { type Surroundings, section } from "./section.ts";

const HOOKS_MAX = 8;
const HTTPS_PORT = 443;

const KEYS = {
  hooks: restart(entries(mapping)),
  "hooks.on": restart(list(choice(undefined, SITE_EVENTS))),
  "hooks.run": restart(list(text())),
  "hooks.url": restart(text()),
  "hooks.authorization": restart(text()),
  "hooks.ca": restart(text()),
  "hooks.limit": restart(duration("10s", "1s", "5m")),
  "hooks.keep": restart(duration("24h", "1m", "168h")),
} as const satisfies Rows;

export function words(): WordsOf<typeof KEYS> {
  return {
    hooks: "The hooks: each is a mapping with the keys below.",
    "hooks.on": {
      kind: `list of ${SITE_EVENTS.map((name) => `\`${name}\``).join(", ")}`,
      default: "all of them",
      words: "The events that this hook is told.",
    },
    "hooks.run": {
      kind: "path of a program, or list of a path and arguments",
      default: "none",
      words:
        "The program that is started for each event, one at a time. It gets the event in its environment: `BRANCHLINE_EVENT` and others, and all of it as JSON in `BRANCHLINE_EVENT_JSON`. No shell reads the arguments. An exit status other than 0 means that it is started again later.",
    },
    "hooks.url": {
      kind: "`https:` URL",
      default: "none",
      words:
        "The webhook that gets a POST with the event as JSON. An answer from 200 to 299 means that it has taken the event. After 408, 425, 429, 500 to 599 or none the event is sent again. Any other answer is logged, and the event isn't sent again. A build without TLS refuses this key: use `run` with curl there.",
    },
    "hooks.authorization": {
      kind: "path of a file",
      default: "none",
      words: "The file with the value of the header Authorization, such as `Bearer …`, for `url`.",
    },
    "hooks.ca": {
      kind: "path of a PEM file",
      default: "Node's own authorities",
      words: "The authorities that may have issued the certificate of `url`, which is always checked.",
    },
    "hooks.limit": "How long the program may run, or the webhook may take, for one event.",
    "hooks.keep":
      "How long an event waits for a hook that fails: branchline tries it again after 1 s, then after 2 s, 4 s and so on, up to 1 min. The last 200 events wait, in their order. They are in memory, and a restart drops them.",
  };
}

export function pages(): PagesOf<typeof KEYS> {
  return {
    hooks: {
      about:
        "Starts a program or calls a webhook when upstream or a gateway is down or up again, an emergency call has begun, or readiness is lost or regained. [events.md](events.md) has the events and their fields, and examples. Each hook has `run` or `url`.",
      example: `hooks:
  - {on: [upstream_down, upstream_up], url: "https://ops.example.com/hooks/branch-17"}
  - {on: emergency_call, run: [/config/scripts/front-desk.sh, loud]}`,
    },
  };
}

interface Told {
  readonly on: readonly SiteEventName[];
  readonly limit_ms: number;
  readonly keep_ms: number;
}

/** A webhook; see `io/node/webhook.ts`. */
export interface WebhookSettings extends Told {
  readonly host: string;
  readonly port: number;
  readonly path: string;
  readonly ca: string | undefined;
  readonly authorization: string | undefined;
}

export interface CommandSettings extends Told {
  /** The program, and its arguments. */
  readonly run: readonly string[];
}

export type HookSettings = WebhookSettings | CommandSettings;

export const HOOKS = section(KEYS, (reader, top, around) => loadHooks(reader, top.get("hooks"), around), says);

type HookFields = Fields<typeof KEYS, "hooks">;

function loadHooks(reader: Reader, place: Place | undefined, around: Surroundings): readonly HookSettings[] {
  if (place === undefined) return [];
  const items = reader.items(place);
  if (items.length > HOOKS_MAX) reader.fault(place, `has ${items.length} hooks; ${HOOKS_MAX} is the most`);
  return items.flatMap((item) => loadHook(reader, fieldsOf(reader, item, KEYS, "hooks"), around) ?? []);
}

function loadHook(reader: Reader, fields: HookFields, around: Surroundings): HookSettings | undefined {
  const { resolvePath } = around;
  const path = (found: Place) => {
    const named = reader.text(found, "the path of a file");
    return named === undefined ? undefined : resolvePath(named);
  };
  const chosen = fields.optional("on", (found) =>
    reader.items(found).flatMap((item) => reader.choice(item, SITE_EVENTS) ?? []),
  );
  const told = {
    on: chosen ?? SITE_EVENTS,
    limit_ms: fields.duration_ms("limit"),
    keep_ms: fields.duration_ms("keep"),
  };
  const ca = fields.text("ca", path);
  const authorization = fields.text("authorization", path);
  const run = fields.optional("run", (found) => loadRun(reader, found, resolvePath));
  const url = fields.optional("url", (found) => loadUrl(reader, found, around.hasTls));
  const hasBoth = fields.get("run") !== undefined && fields.get("url") !== undefined;
  if (fields.isThere && (hasBoth || (fields.get("run") ?? fields.get("url")) === undefined)) {
    reader.fault(fields.place, `has ${hasBoth ? "both run and url" : "neither run nor url"}; a hook has one of them`);
  }
  const lost = fields.get("authorization") ?? fields.get("ca");
  if (lost !== undefined && fields.get("url") === undefined) reader.fault(lost, "is for url, and this hook has none");
  if (url !== undefined) return { ...told, ...url, ca, authorization };
  return run === undefined ? undefined : { ...told, run };
}

function loadRun(reader: Reader, place: Place, resolvePath: (path: string) => string): readonly string[] | undefined {
  const [program, ...args] = reader.items(place);
  if (program === undefined) reader.fault(place, "is empty; name a program, such as /config/scripts/tell.sh");
  const path = program === undefined ? undefined : reader.text(program, "the path of a program");
  const words = args.map((one) => {
    const word = reader.foreignText(one);
    if (word === undefined) reader.fault(one, "must be a text, such as one argument of the program");
    return word ?? "";
  });
  if (path === undefined) return undefined;
  if (args.length === 0 && /\s/.test(path)) {
    const cure = `write a list: [${path.trim().split(/\s+/).join(", ")}]`;
    reader.fault(program ?? place, `"${path}" is a program with arguments in one text, and no shell reads it; ${cure}`);
  }
  return [resolvePath(path), ...words];
}

function loadUrl(
  reader: Reader,
  place: Place,
  hasTls: boolean,
): Pick<WebhookSettings, "host" | "port" | "path"> | undefined {
  const expected = "an https: URL, such as https://ops.example.com/hooks/branch-17";
  const named = reader.text(place, expected);
  if (named === undefined) return undefined;
  const parts = /^https:\/\/(?:\[([0-9a-f:.]+)\]|([a-z0-9._-]+))(?::(\d{1,5}))?(\/[!-"$-~]*)?$/i.exec(named);
  const port = Number(parts?.[3] ?? HTTPS_PORT);
  if (parts === null || port < 1 || port > 65_535) {
    reader.fault(place, `"${named}" must be ${expected}`);
    return undefined;
  }
  if (!hasTls) {
    const cure = "use the package with Node, or a command with curl, such as";
    const command = `run: [/bin/sh, -c, 'curl -fsS -d "$BRANCHLINE_EVENT_JSON" ${named}']`;
    reader.fault(place, `wants TLS, and this build of branchline has no TLS: ${cure} ${command}`);
  }
  return { host: parts[1] ?? parts[2] ?? "", port, path: parts[4] ?? "/" };
}

/** For the log and `check`. A webhook's path may be its secret. */
export function hookName(hook: HookSettings): string {
  return "run" in hook ? (hook.run[0] ?? "") : `https://${hostText(hook.host)}:${hook.port}`;
}

function says(hooks: readonly HookSettings[]): readonly string[] {
  return hooks.map((hook) => {
    const on = hook.on.length === SITE_EVENTS.length ? "each event" : hook.on.join(", ");
    return "run" in hook ? `Starts ${hookName(hook)} on ${on}.` : `Tells ${hookName(hook)} of ${on}.`;
  });
}
