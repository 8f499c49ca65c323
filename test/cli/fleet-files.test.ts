/** One file for many branches: what commands make of variables and included files, beside a branchline that runs with them. */
// biome-ignore-all lint/suspicious/noTemplateCurlyInString: these are variables of the file, not of TypeScript
import { rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { Child } from "../peers/support/child.ts";
import { cleanUpAfterEach, defer } from "../peers/support/cleanup.ts";
import { temporaryFolder } from "../peers/support/temporary-folder.ts";
import { branchline } from "../support/bundle.ts";
import { PROGRAM, wordsOf } from "../support/program.ts";

cleanUpAfterEach();

const FILES = {
  "branchline.yaml": "include: common.yaml\nlisten: [udp:127.0.0.1:${PORT}]\nstate: ${STATE:-kept}\n",
  "common.yaml":
    "localnet: [127.0.0.0/8]\nlog: ${LOG}\nhttp: {listen: 127.0.0.1:0, password: ${PASSWORD}}\nupstream: {targets: [sip:${PBX:-127.0.0.2}], may_dial_out: false}\n",
  "branchline.env": '# this branch\nLOG=info\nPASSWORD="very: secret"\n',
};

/** A folder with the files. */
function site(files: Readonly<Record<string, string>> = FILES) {
  const folder = temporaryFolder();
  const write = (name: string, text: string) => writeFileSync(join(folder, name), text);
  for (const [name, text] of Object.entries(files)) write(name, text);
  const file = join(folder, "branchline.yaml");
  return { file, folder, write };
}

const withoutHttp = { ...FILES, "common.yaml": FILES["common.yaml"].replace(/http:.*\n/, "") };

test("check --print prints the file in effect, which says the same, and hides passwords unless it is asked for them", () => {
  const files = { ...FILES, "common.yaml": FILES["common.yaml"].replace(":0,", ":8080,") };
  const { file, folder, write } = site(files);
  const hidden = branchline(["check", file, "--print", "--set", "PORT=5070", "--set", "LOG=debug"]);
  expect(hidden).toMatchObject({ status: 0, stdout: expect.stringContaining('password: "********"') });
  expect(hidden.stdout).toContain("listen: [udp:127.0.0.1:5070]\n");
  expect(hidden.stdout).toContain("log: debug\n");
  expect(hidden.stdout).not.toContain("secret");
  const { stdout } = branchline(["check", file, "--print", "--secrets", "--json"], { env: { PORT: "5070" } });
  const { effective, valid } = JSON.parse(stdout);
  expect(valid).toBe(true);
  expect(effective).toContain('password: "very: secret"');
  write("whole.yaml", effective);
  const said = (name: string) =>
    JSON.parse(branchline(["check", join(folder, name), "--json", "--set", "PORT=5070"]).stdout);
  expect(said("whole.yaml").does).toEqual(said("branchline.yaml").does);
});

test("check names faults of an included file and of the file of variables, with their places", () => {
  const { file, folder, write } = site(withoutHttp);
  write("common.yaml", "localnet: [127.0.0.0/8]\nlog: ${LOGG}\n");
  write("branchline.env", "LOG=info\nnonsense\n");
  const { status, stderr } = branchline(["check", file, "--set", "PORT=5070"]);
  expect(status).toBe(2);
  expect(stderr).toContain(`${join(folder, "common.yaml")}:2:6: the variable LOGG isn't set; did you mean LOG?`);
  expect(stderr).toContain(`${join(folder, "branchline.env")}:2:1: must be NAME=value`);
  const { stdout } = branchline(["check", file, "--json", "--set", "PORT=5070"]);
  expect(JSON.parse(stdout).faults).toContainEqual(
    expect.objectContaining({ file: join(folder, "common.yaml"), line: 2, column: 6 }),
  );
  write("common.yaml", "include: ../common.yaml\n");
  expect(branchline(["check", file]).stderr).toContain(
    "no such file; paths are relative to the file that includes them",
  );
});

test("--set without a name is refused", () => {
  const { file } = site(withoutHttp);
  expect(branchline(["check", file, "--set", "5070"])).toMatchObject({
    status: 2,
    stderr: expect.stringContaining("must be NAME=value"),
  });
});

test("commands find what runs with variables that they lack, compare it with the disk, and a reload takes over included files", async () => {
  const { file, write } = site(withoutHttp);
  const set = ["--set", "PORT=5971"];
  const [command = "", ...rest] = [...wordsOf(PROGRAM), "run", "-c", file, ...set];
  const running = new Child(command, rest);
  defer(() => running.stop("SIGKILL"));
  await running.line(/ ?started /);
  const disk = () => JSON.parse(branchline(["status", "--json", "-c", file]).stdout).file_on_disk;
  expect(disk()).toMatchObject({ state: "same", faults: [] });
  const { stdout } = branchline(["explain", "112", "--from", "127.0.0.9", "-c", file]);
  expect(stdout).not.toContain("isn't set");
  write("common.yaml", `${withoutHttp["common.yaml"]}emergency: ["112"]\n`);
  expect(disk()).toMatchObject({ state: "changed", changed: ["emergency"], needs_restart: [], faults: [] });
  write("branchline.env", "LOG=warn\n");
  expect(disk()).toMatchObject({ state: "changed", changed: ["emergency", "log"] });
  const reload = branchline(["reload", "--json", "-c", file]);
  expect(JSON.parse(reload.stdout)).toMatchObject({ is_done: true, changed: ["emergency", "log"] });
  expect(disk()).toMatchObject({ state: "same" });
  write("common.yaml", "log: [\n");
  expect(disk()).toMatchObject({
    state: "faulty",
    faults: expect.arrayContaining([expect.stringMatching(/common\.yaml:1:6: /)]),
  });
  expect(branchline(["reload", "-c", file])).toMatchObject({
    status: 2,
    stderr: expect.stringMatching(/common\.yaml:1:6: /),
  });
});

test("SIGHUP after a change of an included file alone takes that over; a fault in it is told by its own name, and nothing changes", async () => {
  const main = 'include: common.yaml\nlisten: ["udp:127.0.0.1:5972"]\nlocalnet: [127.0.0.0/8]\nstate: kept\n';
  const { file, folder, write } = site({
    "branchline.yaml": main,
    "common.yaml": "include: numbers.yaml\nupstream: sip:127.0.0.2\n",
    "numbers.yaml": 'emergency: ["112"]\n',
  });
  const [command = "", ...rest] = [...wordsOf(PROGRAM), "run", "-c", file];
  const running = new Child(command, rest);
  defer(() => running.stop("SIGKILL"));
  await running.line(/ ?started /);
  const reload = (name: string, text: string | undefined) => {
    if (text === undefined) rmSync(join(folder, name));
    else write(name, text);
    const line = running.nextLine(/reloaded |reload_refused /);
    running.signal("SIGHUP");
    return line;
  };
  const readiness = () => JSON.parse(branchline(["readiness", "--json", "-c", file]).stdout);
  expect(await reload("numbers.yaml", 'emergency: ["112", "110"]\n')).toMatch(/reloaded .*changed="?emergency"?$/);
  expect(readiness().emergency).toEqual(["112", "110"]);

  const faulty = await reload("numbers.yaml", 'emergency: ["112"]\nlgo: debug\n');
  expect(faulty).toContain(`why="${join(folder, "numbers.yaml")}:2:1: lgo is not a key `);
  expect(readiness().emergency).toEqual(["112", "110"]);
  const status = JSON.parse(branchline(["status", "--json", "-c", file]).stdout);
  expect(status.reload_refused).toMatchObject({
    reason: "faulty_file",
    faults: [expect.stringContaining(`${join(folder, "numbers.yaml")}:2:1: `)],
  });
  expect(status.file_on_disk).toMatchObject({ state: "faulty" });

  expect(await reload("numbers.yaml", undefined)).toContain(`${join(folder, "common.yaml")}:1:`);
  expect(await reload("common.yaml", 'upstream: sip:127.0.0.2\nlisten: ["udp:127.0.0.1:5973"]\n')).toMatch(
    /reloaded .*changed="?emergency"?$/,
  );
  expect(await reload("common.yaml", "upstream: sip:127.0.0.2\nstate: {folder: other}\n")).toContain("reloaded ");
  expect(await reload("common.yaml", "upstream: sip:127.0.0.2\njournal: off\n")).toMatch(/journal\S* has changed/);
});
