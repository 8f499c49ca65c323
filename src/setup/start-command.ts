/** How the service of a package is started, for messages that say that it doesn't run, and restarted. */

/** What shows that a family's service is installed, the file that it runs with, and the command. */
const SERVICES: readonly { readonly sign: string; readonly file: string; readonly start: string }[] = [
  {
    sign: "/config/scripts/post-config.d/50-branchline",
    file: "/config/branchline/branchline.yaml",
    start: "sudo /config/scripts/post-config.d/50-branchline start",
  },
  {
    sign: "/opt/etc/init.d/S80branchline",
    file: "/opt/etc/branchline.yaml",
    start: "/opt/etc/init.d/S80branchline start",
  },
  { sign: "/etc/init.d/branchline", file: "/etc/branchline.yaml", start: "/etc/init.d/branchline start" },
  {
    sign: "/usr/lib/systemd/system/branchline.service",
    file: "/etc/branchline/branchline.yaml",
    start: "systemctl start branchline",
  },
];

/** FreshTomato's package lies on JFFS or on a disk: its file and its service share a folder. */
const IN_ONE_FOLDER = /^(\/.+\/branchline\/)branchline\.yaml$/;

/** The `start` command of the service that runs with `file`; undefined: none is installed. */
function serviceOf(file: string, exists: (path: string) => boolean): string | undefined {
  const known = SERVICES.find((one) => one.file === file && exists(one.sign));
  if (known !== undefined) return known.start;
  const beside = file.replace(IN_ONE_FOLDER, "$1service.sh");
  return beside !== file && exists(beside) ? `${beside} start` : undefined;
}

/**
 * The command that starts branchline with this file: the service's, where a package is installed whose service reads it.
 * @param file its absolute path
 * @param exists whether there is such a file
 */
export function startCommand(file: string, exists: (path: string) => boolean): string {
  return serviceOf(file, exists) ?? `branchline run -c ${file}`;
}

/**
 * The command that restarts the branchline that runs with this file; undefined: no package's service runs it, so that it has to be
 * stopped where it was started.
 * @param file its absolute path
 * @param exists whether there is such a file
 */
export function restartCommand(file: string, exists: (path: string) => boolean): string | undefined {
  return serviceOf(file, exists)?.replace(/\bstart\b(?!.*\bstart\b)/, "restart");
}
