/**
 * The status page through the demo's day, in a real browser: what it shows at each step, within which time, in light and dark, on a
 * telephone, by keyboard and by what screen readers are told. Pictures of all of it are left in a folder of the system's temporary files.
 */
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { BranchOffice } from "../demo/branch-office.ts";
import type { UpstreamEdge } from "../demo/branchline-process.ts";
import { DAY_WITH_PAGE } from "../demo/day.ts";
import { OUTSIDE_NUMBER } from "../demo/play.ts";
import { describeWith } from "../peers/support/peers.ts";
import { MACHINE_TOLERANCE_MS } from "../support/machine.ts";
import { PROGRAM, wordsOf } from "../support/program.ts";
import { Chromium, type Page, type View } from "./chromium.ts";

const PICTURES = join(tmpdir(), "branchline-page");
const DESK: View = { width: 1360, height: 900, scheme: "light" };
const VIEWS: Readonly<Record<string, View>> = {
  light: DESK,
  dark: { ...DESK, scheme: "dark" },
  telephone: { width: 390, height: 844, scheme: "light" },
};
const AXE = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
/** A second for a person, and what a busy machine takes. */
const SOON_MS = 1_000 + MACHINE_TOLERANCE_MS;
const LIMIT_MS = 240_000;
const TITLES = "[...document.querySelectorAll('#last summary b')].map((one) => one.textContent)";

interface Violation {
  readonly id: string;
  readonly impact: string;
  readonly nodes: readonly { readonly html: string }[];
}

/** What axe finds that keeps somebody from reading or using the page. */
async function seriousFaults(page: Page): Promise<string[]> {
  // The page's own policy lets nothing run but its program; the debugger is no page.
  await page.value(`window.axe === undefined && (() => { ${AXE} })()`);
  const { violations } = await page.value<{ violations: Violation[] }>(
    "axe.run(document, { resultTypes: ['violations'] }).then(({ violations }) => JSON.parse(JSON.stringify({ violations })))",
  );
  const isSerious = ({ impact }: Violation) => impact === "serious" || impact === "critical";
  return violations.filter(isSerious).map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html).join(" ")}`);
}

describeWith(["chromium"], "the status page through a branch's day", () => {
  let office: BranchOffice;
  let chromium: Chromium;
  let page: Page;
  /** When branchline's log has last told that upstream is so. */
  const edges = new Map<string, number>();

  /** How long after the log the page has what `expression` looks for; to be asked before it happens. */
  async function lag(state: string, expression: string): Promise<void> {
    await page.until(expression, LIMIT_MS);
    const behind_ms = performance.now() - (edges.get(state) ?? Number.NaN);
    console.log(`${state}: on the screen ${Math.round(behind_ms)} ms after the line in the log`);
    expect(behind_ms).toBeLessThan(SOON_MS);
  }

  beforeAll(async () => {
    process.env["BRANCHLINE_PROGRAM"] = wordsOf(PROGRAM).join(" ");
    mkdirSync(PICTURES, { recursive: true });
    const onEdge = ({ to }: UpstreamEdge) => edges.set(to, performance.now());
    office = await BranchOffice.open({ watch: () => {}, onEdge, hasPage: true });
    chromium = new Chromium();
    page = await chromium.page();
    await page.view(DESK);
    await page.goTo(office.page ?? "");
  });

  afterAll(async () => {
    await chromium?.close();
    await office?.close();
  });

  async function play(title: string): Promise<void> {
    const step = DAY_WITH_PAGE.steps.find((one) => one.title === title);
    if (step === undefined) throw new Error(`the day has no "${title}"`);
    await step.play(office);
  }

  /** A picture of each view, and no serious fault in any. */
  async function look(name: string): Promise<void> {
    for (const [kind, view] of Object.entries(VIEWS)) {
      await page.view(view);
      // The drawings follow the width of the window.
      await page.until(`document.querySelector("#timeline svg").getAttribute("width") <= innerWidth`);
      const ladders = `[...document.querySelectorAll("details[open] .ladder svg")]`;
      await page.until(`${ladders}.every((svg) => Number(svg.dataset.room) === svg.parentNode.clientWidth)`);
      const isWhole = !(await page.value<boolean>(`document.querySelector("dialog").open`));
      writeFileSync(join(PICTURES, `${name}-${kind}.png`), await page.picture(isWhole));
      expect(await page.value("document.documentElement.scrollWidth"), kind).toBe(view.width);
      expect(await seriousFaults(page), `${name}, ${kind}`).toEqual([]);
    }
    await page.view(DESK);
  }

  test("each step is on the screen", { timeout: LIMIT_MS }, async () => {
    await page.until(`document.querySelector("#line.live")`);
    await play("phones register");
    await page.until(`document.querySelectorAll("#phones tbody tr").length === 3`);
    expect(await page.value(`document.querySelector("#phones tbody").textContent`)).toContain("127.0.21.203:");
    await page.until(`document.querySelector("h1").textContent.startsWith("Calls go to 127.0.22.10")`);
    const ready = `document.querySelector("#ready").textContent`;
    await page.until(`${ready}.includes("Phones that could call and be called: 3 extensions (201, 202 and 203)")`);
    expect(await page.value(ready)).toContain("warning drill: no drill is known");
    expect(await page.value(ready)).toContain("branchline drill --phones 201,202 --for 10m");
    await look("1-morning");

    await play("a call inside");
    await page.until(`${TITLES}.includes("201 → 202")`);
    const down = lag("down", `document.querySelector("h1").textContent === "Calls go to the gateway"`);
    await play("outage, first call");
    await down;
    expect(await page.value("document.title")).toBe("Survival: branchline");
    await page.until(`document.querySelector("#changes").textContent.includes("→ down")`);
    await page.until(`${ready}.includes("is down now: ")`);
    await page.until(`${TITLES}.includes("201 → ${OUTSIDE_NUMBER}")`);
    await look("2-outage");

    const summary = `[...document.querySelectorAll("#last summary")].find((one) => one.textContent.includes("201 → ${OUTSIDE_NUMBER}"))`;
    await page.value(`${summary}.focus()`);
    await page.press("Enter");
    await page.until(`document.querySelectorAll(".ladder .arrow").length > 8`);
    const ladder = await page.value<string>(`document.querySelector(".ladder").textContent`);
    for (const word of ["INVITE", "181 ", "302 ", "200 OK", "BYE", "201", "branchline", "127.0.22.10", "127.0.23.3"]) {
      expect(ladder).toContain(word);
    }
    await look("3-ladder");
    // From the summary the ladder's frame is next, then its first message.
    await page.press("Tab");
    await page.press("Tab");
    expect(await page.value("document.activeElement.getAttribute('aria-label')")).toMatch(
      /^INVITE, from 201 to branchline/,
    );
    await page.press("Enter");
    await page.until(`document.querySelector("dialog").open`);
    const message = await page.value<string>(`document.querySelector("#m-text").textContent`);
    expect(message).toMatch(/^INVITE sip:5550123@/);
    expect(message).toContain("X-Masked-Body:");
    expect(message).not.toContain("\r\nm=audio");
    await look("4-message");
    await page.press("Escape");
    await page.until(`!document.querySelector("dialog").open`);
    const hasFocus = `document.activeElement.getAttribute("aria-label")?.startsWith("INVITE, from 201")`;
    await page.until(hasFocus);

    // The next call stands above this one: the list is made anew.
    await play("outage, next call");
    await page.until(`${TITLES}.includes("202 → ${OUTSIDE_NUMBER}")`);
    expect(await page.value(hasFocus)).toBe(true);
    const customer = play("a customer calls");
    await page.until(`document.querySelectorAll("#now details").length > 0`);
    await look("5-a-customer-calls");
    await customer;
    const up = lag("up", `document.querySelector("h1").textContent.startsWith("Calls go to 127.0.22.10")`);
    await play("the PBX returns");
    await up;
    await play("a stranger");
    await look("6-evening");
    console.log(`pictures: ${PICTURES}`);

    expect(page.complaints).toEqual([]);
    const own = new URL(office.page ?? "").origin;
    expect(page.requests.filter((url) => !url.startsWith(own) && !/^(?:data|about):/.test(url))).toEqual([]);
  });

  test("a page that has lost the router says so", { timeout: LIMIT_MS }, async () => {
    office.branchline.kill();
    await page.until(`document.querySelector("#line.lost")`);
    expect(await page.value(`document.querySelector("#line").textContent`)).toMatch(/^no answer for /);
    writeFileSync(join(PICTURES, "7-lost-light.png"), await page.picture(true));
  });
});
