/** Commands of the group "Run". */
import { CONFIG_OPTION, type CommandRow, command, SET_OPTION } from "../command-row.ts";
import { run } from "../run.ts";
import { setVariables } from "../sources.ts";

export const RUN: readonly CommandRow[] = [
  command({
    name: "run",
    help: "Run branchline in the foreground",
    group: "Run",
    description: [
      "Start branchline with the configuration file, and log to standard error. The services of all packages do this.",
      "SIGHUP reloads the configuration, and calls go on. SIGTERM and SIGINT stop branchline. On a terminal, the log has " +
        "times and levels in words. Elsewhere, each line begins with its priority, such as <6>, for journald and syslog, and has no time: they add it. " +
        "If you write the log to a file by hand, a program such as ts adds the time: branchline run 2>&1 | ts > FILE.",
    ],
    arguments: [],
    options: [CONFIG_OPTION, SET_OPTION],
    examples: [
      { line: "branchline run -c branchline.yaml", does: "Run in this terminal until Ctrl-C" },
      { line: "kill -HUP PID", does: "Reload the configuration" },
    ],
    exits: {
      0: "Stopped by SIGTERM or SIGINT",
      1: "branchline can't start: a port is in use, or the state folder can't be written",
    },
    seeAlso: ["check", "reload"],
    action: ({ config, set }) => {
      setVariables(set);
      return run(config);
    },
  }),
];
