/** Two branchlines and one state folder: the second one is refused, and told by which; a restart never is. */
import { mkdirSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { stringify } from "yaml";
import { PROGRAM } from "../support/program.ts";
import { hostPort, Subnet } from "./support/addresses.ts";
import { Child } from "./support/child.ts";
import { cleanUpAfterEach, defer } from "./support/cleanup.ts";
import { temporaryFolder } from "./support/temporary-folder.ts";

const net = new Subnet(89);

cleanUpAfterEach();

/** Files side by side in one folder; the default of `state` is then the same for all. */
function desk(folder = temporaryFolder()) {
  const write = (name: string, host: number) => {
    const file = join(folder, name);
    const listen = [`udp:${hostPort(net.at(host))}`, `tcp:${hostPort(net.at(host))}`];
    writeFileSync(file, stringify({ listen, localnet: [net.network(16)] }));
    return file;
  };
  const run = (file: string) => {
    const child = new Child(PROGRAM.command, [...PROGRAM.first, "run", "-c", file]);
    defer(() => child.stop("SIGKILL"));
    return child;
  };
  return { folder, write, run };
}

test("state folder: another file's branchline is refused, exit 1; the first one goes on, its socket too", async () => {
  const { folder, write, run } = desk();
  const [a, b] = [write("a.yaml", 1), write("b.yaml", 2)];
  const first = run(a);
  await first.line(/started /);
  const second = run(b);
  expect(await second.ended).toBe(1);
  expect(second.lastWords()).toContain(
    `start_failed error="state folder ${folder}/state is in use by pid ${first.pid}, which runs with ${a}" ` +
      'cure="give this one a folder of its own: state.folder"',
  );
  const status = new Child(PROGRAM.command, [...PROGRAM.first, "status", "-c", a]);
  expect(await status.ended).toBe(0);
  expect(await first.stop()).toBe(0);
  const third = run(b);
  await third.line(/started /);
  expect(await third.stop()).toBe(0);
  expect(readdirSync(join(folder, "state")).filter((name) => /lock|sock/.test(name))).toEqual([]);
});

test("state folder: the same file twice is refused by its folder as well", async () => {
  const { write, run } = desk();
  const file = write("a.yaml", 1);
  const first = run(file);
  await first.line(/started /);
  const second = run(file);
  expect(await second.ended).toBe(1);
  expect(second.lastWords()).toMatch(/state folder .* is in use by pid/);
  expect(second.lastWords()).toContain(`cure="it runs already: reload it (branchline reload -c ${file}), or stop it"`);
  expect(await first.stop()).toBe(0);
});

test("state folder: a new one that starts while the old one still ends waits for it", async () => {
  const { write, run } = desk();
  const file = write("a.yaml", 1);
  for (let turn = 0; turn < 3; turn++) {
    const old = run(file);
    await old.line(/started /);
    old.signal("SIGTERM");
    const next = run(file);
    await next.line(/started /);
    expect(await old.ended).toBe(0);
    expect(await next.stop()).toBe(0);
  }
});

test("state folder: nothing is left behind by SIGKILL, and a stopped process has it still", async () => {
  const { write, run } = desk();
  const file = write("a.yaml", 1);
  const killed = run(file);
  await killed.line(/started /);
  await killed.stop("SIGKILL");
  const next = run(file);
  await next.line(/started /);
  next.signal("SIGSTOP");
  const other = run(write("b.yaml", 2));
  expect(await other.ended).toBe(1);
  expect(other.lastWords()).toContain(`in use by pid ${next.pid}`);
  next.signal("SIGCONT");
  expect(await next.stop()).toBe(0);
});

test("state folder: also where no control socket can be made", async () => {
  const folder = join(temporaryFolder(), "x".repeat(100));
  mkdirSync(folder);
  const { write, run } = desk(folder);
  const first = run(write("a.yaml", 1));
  await first.line(/side_door door="the socket for commands"/);
  const second = run(write("b.yaml", 2));
  await second.line(/state_in_use/);
  expect(await second.ended).toBe(1);
  expect(second.lastWords()).toContain(`in use by pid ${first.pid}`);
  expect(await first.stop()).toBe(0);
});

test("state folder: SIGTERM while it waits ends it at once, in order", async () => {
  const { write, run } = desk();
  const first = run(write("a.yaml", 1));
  await first.line(/started /);
  const second = run(write("b.yaml", 2));
  await second.line(/state_in_use/);
  second.signal("SIGTERM");
  expect(await second.ended).toBe(0);
  expect(await first.stop()).toBe(0);
});
