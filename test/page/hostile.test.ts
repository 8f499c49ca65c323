/** The page in a browser, with facts that try to be markup or programs, and a router that goes away and comes back. */
import { afterAll, beforeAll, expect, test } from "vitest";
import type { JournalEntry } from "../../src/app/observe/journal-entry.ts";
import { Notices } from "../../src/app/observe/notices.ts";
import { type PageDocument, pageRoutes } from "../../src/app/observe/page-routes.ts";
import { Web } from "../../src/app/observe/web.ts";
import { HttpServer } from "../../src/io/node/http-server.ts";
import { ANYCAST } from "../app/anycast-facts.ts";
import { describeWith } from "../peers/support/peers.ts";
import { Chromium, type Page } from "./chromium.ts";
import { sampleReadiness, sampleSources } from "./sample-facts.ts";

const HOSTILE = `"'><img src=x onerror=hit()><script>hit()</script><svg onload=hit()>\u0007\u202e&lt;b>{{7*7}}`;
const ADDRESS = { host: "127.0.94.1", port: 5094 };
const EDGE = { role: "upstream", name: "pbx", from: "up", to: "down", evidence: "probe failed", at_ms: 0 } as const;

/** The document, as the build makes it. */
async function builtPage(): Promise<PageDocument> {
  const build = (await import(new URL("../../build/page.mjs", import.meta.url).href)) as {
    statusPage(): Promise<{ readonly [name in keyof PageDocument]: string }>;
  };
  const { html, gzip, policy, tag } = await build.statusPage();
  return { html: () => html, gzip: () => Buffer.from(gzip, "base64").toString("latin1"), policy, tag };
}

describeWith(["chromium"], "the status page", () => {
  let chromium: Chromium;
  let page: Page;
  let server: HttpServer;
  let serve: () => Promise<HttpServer>;
  let isDown = false;
  let isReady = false;
  let isAnycast = false;
  let life: "alive" | "dead" = "alive";
  let tell: (entry: JournalEntry) => void = () => {};

  beforeAll(async () => {
    const follow = (follower: typeof tell) => {
      tell = follower;
      return () => {};
    };
    const notices = new Notices({ follow }, (task, after_ms) => void setTimeout(task, after_ms));
    const sources = sampleSources(
      HOSTILE,
      () => isDown,
      () => life,
    );
    const routes = new Map(
      pageRoutes(
        {
          ...sources,
          status: () => ({ ...sources.status(), ...(isAnycast ? { cluster: ANYCAST } : {}) }),
          readiness: () => sampleReadiness(HOSTILE, isReady),
        },
        notices,
        await builtPage(),
      ),
    );
    const web = new Web(
      { listen: [], password: undefined, names: [], metrics_from: [] },
      routes,
      () => false,
      () => {},
    );
    serve = async () => {
      const made = new HttpServer(ADDRESS, {
        admits: (address) => web.admits(address),
        answer: (head, address) => web.answer(head, address),
        tooMany: web.tooMany,
      });
      await made.open();
      return made;
    };
    server = await serve();
    chromium = new Chromium();
    page = await chromium.page();
    // The page asks for nothing by the clock: what it shows anew, it has been told of.
    await page.runFirst("window.setInterval = () => 0");
    await page.goTo(`http://${ADDRESS.host}:${ADDRESS.port}/`);
  });

  afterAll(async () => {
    await chromium?.close();
    await server?.close();
  });

  test("shows foreign texts as they are, and runs none of them", async () => {
    await page.value("window.hit = () => { window.isHit = true; }, 1");
    await page.until(`document.querySelector("#phones tbody tr") && document.querySelector("#last details")`);
    await page.value(`document.querySelector("#last details").open = true`);
    await page.until(`document.querySelectorAll(".ladder .arrow").length === 3`);
    await page.value(`document.querySelectorAll(".ladder .arrow")[2].dispatchEvent(new Event("click"))`);
    await page.until(`document.querySelector("dialog").open`);
    const texts = [
      "#program",
      "h1",
      "#findings",
      "#ready-head",
      "#ready-findings",
      "#peers",
      "#changes",
      "#last summary",
      ".call",
      "#phones",
      "#members",
      "#m-text",
    ];
    for (const place of texts) {
      expect(await page.value(`document.querySelector("${place}").textContent`), place).toContain("onerror=hit()");
    }
    expect(
      await page.value("document.querySelectorAll('img, body script ~ script, svg svg, [onerror], [onload]').length"),
    ).toBe(0);
    expect(await page.value("window.isHit === true")).toBe(false);
    await page.value(`document.querySelector("dialog").close()`);
    expect(page.complaints).toEqual([]);
  });

  test("runs nothing but its own program, even where markup has got in", async () => {
    await page.value(`document.body.append(Object.assign(document.createElement("script"), { id: "alien" })), 1`);
    await expect(page.value(`document.querySelector("#alien").text = "hit()"`)).rejects.toThrow("TrustedScript");
    await expect(page.value(`document.body.innerHTML = "<p>"`)).rejects.toThrow("TrustedHTML");
    await page.value(
      `document.body.append(Object.assign(document.createElement("img"), { src: "http://127.0.94.1:9/" })), 1`,
    );
    await page.until(`document.querySelector("img").complete`);
    expect(page.complaints.splice(0).join()).toContain("violates the following Content Security Policy directive");
    expect(await page.value("window.isHit === true")).toBe(false);
  });

  test("shows that readiness is regained as soon as it is told, and tells a screen reader nothing that it has said", async () => {
    const verdict = `document.querySelector("#ready-head p").textContent`;
    expect(await page.value(verdict)).toBe("If the WAN failed now: NOT READY");
    await page.value(
      `window.changes = 0, new MutationObserver(() => window.changes++).observe(document.querySelector("#ready-head"), { childList: true })`,
    );
    tell({ kind: "readiness", seq: 4, at_ms: 0, turn: { is_ready: false, faults: ["x"] } });
    isReady = true;
    tell({ kind: "readiness", seq: 5, at_ms: 0, turn: { is_ready: true, faults: [] } });
    await page.until(`${verdict} === "If the WAN failed now: ready"`);
    expect(await page.value(`document.querySelector("#ready-findings").hidden`)).toBe(true);
    expect(await page.value("window.changes")).toBe(1);
    isReady = false;
  });

  test("shows what becomes of the other member of a pair as soon as it is told", async () => {
    const member = `document.querySelector("#members tbody tr:last-child").textContent`;
    expect(await page.value(member)).not.toContain("dead");
    life = "dead";
    tell({ kind: "pair", seq: 6, at_ms: 0, what: "active" });
    const took_ms = await page.until(`${member}.includes("dead")`);
    console.log(`the death of a member is on the screen after ${Math.round(took_ms)} ms`);
    life = "alive";
  });

  test("shows members behind an anycast address, with the route of this one and the calls of each", async () => {
    isAnycast = true;
    tell({ kind: "pair", seq: 7, at_ms: 0, what: "active; node2 is active" });
    await page.until(`document.querySelector("#h-pair").textContent === "Members"`);
    const rows = await page.value(
      `[...document.querySelectorAll("#members tr")].map((row) => row.textContent).join("\\n")`,
    );
    expect(String(rows).split("\n")).toEqual([
      expect.stringMatching(/Calls now, since its start$/),
      expect.stringMatching(/^node1 \(this one\).*; its route is announced12, 340$/),
      expect.stringMatching(/^node2.*version 0\.3\.01, 338$/),
      expect.stringMatching(/^node3.*version 0\.3\.011, 322$/),
    ]);
    isAnycast = false;
    tell({ kind: "pair", seq: 8, at_ms: 0, what: "active" });
    await page.until(`document.querySelector("#h-pair").textContent === "Pair"`);
  });

  test("shows an edge as soon as it is told, and lives again when the router does", async () => {
    isDown = true;
    tell({ kind: "edge", seq: 5, at_ms: 0, edge: EDGE });
    const took_ms = await page.until(`document.querySelector("h1").textContent === "Calls go to the gateway"`);
    console.log(`an edge is on the screen after ${Math.round(took_ms)} ms`);
    await server.close();
    await page.until(`document.querySelector("#line.lost")`);
    isDown = false;
    server = await serve();
    await page.until(`document.querySelector("#line.live")`);
    await page.until(`document.querySelector("h1").textContent !== "Calls go to the gateway"`);
  });
});
