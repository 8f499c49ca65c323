import { fileToRun } from "./cli/config-file.ts";
import { onDemand, run } from "./cli/run.ts";

onDemand.pair = () => import("./cli/pair.ts");
onDemand.web = () => import("./cli/web.ts");
onDemand.outlets = () => import("./cli/outlets.ts");
const file = fileToRun(process.argv.slice(2));
// What the person needs who sets it up isn't read by the proxy: half of the file's text that is no proxy lies there.
const done = file === undefined ? import("./cli/cli.ts").then(({ runCli }) => runCli(process.argv)) : run(file);
done.catch((error: unknown) => {
  setImmediate(() => {
    throw error;
  });
});
