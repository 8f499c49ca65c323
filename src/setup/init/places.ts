/**
 * Where the people of a router look for its files. Not the same question as doctor's, which wants to know who keeps the
 * router's settings: Entware has places of its own on either kind, and VyOS keeps its files as EdgeOS does.
 */

export interface Places {
  /** The configuration file. */
  readonly file: string;
  /** The state folder, where it outlives a power cut; undefined: beside the file. */
  readonly state?: string;
  /** The command that starts branchline with that file, where a package of ours brings it. */
  readonly start?: string;
}

const EDGEOS = {
  file: "/config/branchline/branchline.yaml",
  start: "sudo /config/scripts/post-config.d/50-branchline start",
};
const ENTWARE = {
  file: "/opt/etc/branchline.yaml",
  state: "/opt/var/lib/branchline",
  start: "/opt/etc/init.d/S80branchline start",
};
const OPENWRT = { file: "/etc/branchline.yaml", state: "/etc/branchline", start: "/etc/init.d/branchline start" };
const DEBIAN = {
  file: "/etc/branchline/branchline.yaml",
  state: "/var/lib/branchline",
  start: "sudo systemctl enable --now branchline",
};
/** FreshTomato's package keeps all in one folder, on JFFS or on a disk: this file says that it is that folder. */
const TOMATO_SERVICE = "service.sh";
const TOMATO = { file: "/jffs/branchline/branchline.yaml", start: `/jffs/branchline/${TOMATO_SERVICE} start` };
const KNOWN: readonly Places[] = [EDGEOS, ENTWARE, OPENWRT, DEBIAN];

/**
 * @param given the file that somebody has named, and be it the package that is installed
 * @param exists whether there is such a file or folder
 * @param node the Node that runs this
 */
export function placesOf(given: string | undefined, exists: (path: string) => boolean, node: string): Places {
  if (given !== undefined) return KNOWN.find(({ file }) => file === given) ?? besideService(given, exists);
  if (exists("/opt/vyatta") && exists("/config")) return EDGEOS;
  if (node.startsWith("/opt/") && exists("/opt/etc")) return ENTWARE;
  if (exists(`/jffs/branchline/${TOMATO_SERVICE}`)) return TOMATO;
  if (exists("/etc/openwrt_release")) return OPENWRT;
  if (exists("/etc/debian_version")) return DEBIAN;
  return { file: "branchline.yaml" };
}

function besideService(file: string, exists: (path: string) => boolean): Places {
  const service = file.replace(/[^/]*$/, TOMATO_SERVICE);
  return /^\/.*\/branchline\/branchline\.yaml$/.test(file) && exists(service)
    ? { file, start: `${service} start` }
    : { file };
}
