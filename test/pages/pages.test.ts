/** Every page: its links lead somewhere, its YAML loads, its keys are keys, and README is short. */
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { describe as describeConfig } from "../../src/app/config/describe.ts";
import { WARNING } from "../../src/app/config/describe-more.ts";
import type { Row } from "../../src/app/config/key-kinds.ts";
import { KEYS, type Path } from "../../src/app/config/sections.ts";
import { missingKeys } from "../../src/cli/check.ts";
import { LEAST, load } from "../app/files.ts";
import { blocksOf, brokenLinks, codeIn, type Found, MANUAL, PAGES, page, proseOf, ROOT, shown } from "./pages.ts";

const README_LINES_MAX = 150;
/** All keys, and what they are below: `upstream.probe`. */
const PATHS = new Set(Object.keys(KEYS).flatMap((path) => [path, path.slice(0, path.lastIndexOf("."))]));
const SECTIONS = new Set(Object.keys(KEYS).map((path) => path.split(".")[0] ?? ""));
/** What reads like a key and is something else: a file, a domain, a method of CI. */
const NOT_A_KEY = /\.(?:js|mjs|ts|sh|md|yaml|sqsh|json|tar|gz|pem|key|cfg|conf)$/;

const code = MANUAL.flatMap(codeIn);

describe("links", () => {
  test("there are pages to look at", () => {
    expect(MANUAL.length).toBeGreaterThan(15);
    expect(PAGES.length).toBeGreaterThan(20);
  });

  test("every link within the repository leads to a file, and to a section of it", () => {
    expect(PAGES.flatMap(brokenLinks).map(shown)).toEqual([]);
  });

  test("a link to nowhere, or to no section, is found", () => {
    const text = "[a](b.md) [c](README.md#no-such) [d](README.md#try-it) [`e`](no.ts)\n```\n[f](g.md)\n```\n";
    expect(brokenLinks({ path: "x.md", text }).map(shown)).toEqual([
      "x.md:1 b.md",
      "x.md:1 README.md#no-such",
      "x.md:1 no.ts",
    ]);
  });

  test("README, or a page that it names, names every page of the manual", () => {
    const reached = new Set<string>();
    const visit = (path: string) => {
      if (reached.has(path) || !MANUAL.some((one) => one.path === path)) return;
      reached.add(path);
      for (const [, target = ""] of proseOf(page(path))
        .join("\n")
        .matchAll(/\]\(([^)#\s]*)/g)) {
        visit(new URL(target, `file:///${path}`).pathname.slice(1));
      }
    };
    visit("README.md");
    expect(MANUAL.map(({ path }) => path).filter((path) => !reached.has(path))).toEqual([]);
  });
});

describe("YAML", () => {
  // The examples of single keys are no whole files: test/app/keys.test.ts loads them.
  const isExample = ({ page: path, text }: Found) =>
    path === "deploy/configuration.md" && !/^localnet:.*\n\w/m.test(text);
  const blocks = PAGES.flatMap(blocksOf).filter((one) => one.language === "yaml" && !isExample(one));

  test("there are files in README and in the pages on moving here", () => {
    const pages = new Set(blocks.map((block) => block.page));
    expect([...pages]).toEqual(
      expect.arrayContaining(["README.md", "deploy/migrate-from-audiocodes-sas.md", "deploy/migrate-from-kamailio.md"]),
    );
  });

  test.each(blocks.map((block) => [`${block.page}:${block.line}`, block.text] as const))(
    "%s loads without a fault",
    (_, text) => {
      expect(load(text).problems).toEqual([]);
    },
  );

  test("a file that an example lets branchline write is in the state folder: Debian's service can write nowhere else", () => {
    const texts = [
      ...PAGES,
      { path: "deploy/branchline.yaml", text: readFileSync(join(ROOT, "deploy/branchline.yaml"), "utf8") },
    ];
    const written = texts.flatMap(({ text }) => [
      ...text.matchAll(/\b(?:events|records): (?:\{file: )?([^\s,}`]*\/[^\s,}`]*)/g),
    ]);
    expect(written.length).toBeGreaterThan(4);
    expect(written.map(([, file = ""]) => file).filter((file) => !file.startsWith("state/"))).toEqual([]);
  });

  // A reader who copies them should get no warnings.
  const moving = blocks.filter((block) => block.page.startsWith("deploy/migrate-from-"));

  test.each(moving.map((block) => [`${block.page}:${block.line}`, block.text] as const))(
    "%s is a file that check warns of nothing in",
    (_, text) => {
      const { config } = load(text);
      const told = describeConfig(config).split("\n");
      expect(told.filter((line) => line.startsWith(WARNING))).toEqual([]);
      expect(missingKeys(config)).toEqual([]);
    },
  );

  // Without that side, requests to the gateway leave from another address, which it doesn't expect.
  const withGateways = blocks.filter(({ text }) => /^gateways:/m.test(text));

  test.each(withGateways.map((block) => [`${block.page}:${block.line}`, block.text] as const))(
    "%s listens on the side of each of its gateways",
    (_, text) => {
      const { listeners, site } = load(text).config;
      const sides = listeners.map(({ settings }) => settings.at);
      const hosts = site.gateways.map(({ uri }) => uri.host);
      expect(hosts.length).toBeGreaterThan(0);
      expect(hosts.filter((host) => !sides.some((side) => networkOf(side) === networkOf(host)))).toEqual([]);
    },
  );

  test("the sample file and each init command do so too", () => {
    const sample = load(readFileSync(join(ROOT, "deploy/branchline.yaml"), "utf8")).config;
    expect(sample.listeners.map(({ settings }) => networkOf(settings.at))).toEqual(
      expect.arrayContaining(sample.site.gateways.map(({ uri }) => networkOf(uri.host))),
    );
    const commands = MANUAL.flatMap(blocksOf)
      .filter(({ language }) => language === "sh")
      .flatMap(({ text }) => [
        ...text.replace(/\\\n */g, "").matchAll(/branchline init .*--gateway (\S+) .*--listen "([^"]+)"/g),
      ]);
    expect(commands.length).toBeGreaterThan(0);
    const lacking = commands.filter(
      ([, gateway = "", sides = ""]) => !sides.split(" ").map(networkOf).includes(networkOf(gateway)),
    );
    expect(lacking.map(([command]) => command)).toEqual([]);
  });

  // Without a terminal, or with --yes, init writes a file without emergency numbers else.
  test("each init command that answers all other questions answers the one about emergency numbers", () => {
    const commands = MANUAL.flatMap(blocksOf)
      .filter(({ language }) => language === "sh")
      .flatMap(({ text }) => [...text.replace(/\\\n */g, "").matchAll(/branchline init .*--members.*/g)]);
    expect(commands.length).toBeGreaterThan(1);
    expect(commands.map(([command]) => command).filter((command) => !command.includes("--emergency "))).toEqual([]);
  });

  const inline = code.filter(({ text }) => isYaml(text));

  test("pages show settings between the lines", () => {
    expect(inline.length).toBeGreaterThan(10);
  });

  test.each(inline.map((one) => [shown(one), one.text] as const))("%s loads without a fault", (_, text) => {
    expect(load(`${text}\n${restOf(text)}`).problems).toEqual([]);
  });
});

/** The /24 of an IPv4 address: the networks of the pages' examples are no larger. */
const networkOf = (address: string): string => address.slice(0, address.lastIndexOf("."));

/** `survival: {answer: relay}`, but not `listen: [{address: …}]`, in which the reader has to fill something in. */
function isYaml(text: string): boolean {
  const section = /^(\w+): ?[[{\w]/.exec(text)?.[1];
  return section !== undefined && SECTIONS.has(section) && !/…|\b[A-Z]{4,}\b(?!:)/.test(text);
}

/** What a file needs beside it. */
function restOf(text: string): string {
  const rest = text.startsWith("listen:") ? LEAST.split("\n").slice(1).join("\n") : LEAST;
  return text.startsWith("tls:") ? rest.replace("udp:", "tls:") : rest;
}

describe("keys", () => {
  const named = code.filter(({ text }) => {
    const [section = "", ...rest] = text.split(".");
    return rest.length > 0 && /^[a-z_]+(?:\.[a-zA-Z_]+)+$/.test(text) && SECTIONS.has(section) && !NOT_A_KEY.test(text);
  });

  test("every key that a page names is one", () => {
    expect(named.length).toBeGreaterThan(30);
    expect(named.filter(({ text }) => !PATHS.has(text)).map(shown)).toEqual([]);
  });

  test("a default that stands behind a key is its default", () => {
    const told = MANUAL.flatMap((one) =>
      proseOf(one).flatMap((line, index) =>
        [...line.matchAll(/`([a-z_]+(?:\.[a-z_]+)*)` \((\d\w*)\)/g)].map(([, text = "", given = ""]) => ({
          page: one.path,
          line: index + 1,
          text,
          given,
        })),
      ),
    ).filter(({ text }) => Object.hasOwn(KEYS, text));
    expect(told.length).toBeGreaterThan(10);
    const wrong = told.filter(({ text, given }) => given !== defaultOf(text as Path));
    expect(wrong.map((one) => `${shown(one)} (${one.given})`)).toEqual([]);
  });
});

function defaultOf(path: Path): string {
  const row: Row = KEYS[path];
  return String(row.default);
}

test(`README has at most ${README_LINES_MAX} lines`, () => {
  expect(page("README.md").text.split("\n").length - 1).toBeLessThanOrEqual(README_LINES_MAX);
});

test("test/README.md tells of every folder of tests", () => {
  const folders = readdirSync(join(ROOT, "test"), { withFileTypes: true }).filter((entry) => entry.isDirectory());
  const { text } = page("test/README.md");
  expect(folders.map(({ name }) => name).filter((name) => !text.includes(`\`${name}/\``))).toEqual([]);
});

test("ARCHITECTURE names files that exist", () => {
  const paths = codeIn(page("ARCHITECTURE.md")).filter(({ text }) =>
    /^[a-z][\w.-]*(?:\/[\w.-]+)*\/[\w-]+\.\w+$/.test(text),
  );
  expect(paths.length).toBeGreaterThan(50);
  const isPlaceholder = ({ text }: Found) => /[A-Z]{3}/.test(text.replace(/README/, ""));
  const isThere = ({ text }: Found) =>
    [text, `src/${text}`, `test/${text}`].some((path) => existsSync(join(ROOT, path)));
  expect(paths.filter((one) => !isPlaceholder(one) && !isThere(one)).map(shown)).toEqual([]);
});
