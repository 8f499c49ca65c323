/** Which kind of router this is, by the files that it has, and where its people look for things. */

export interface Places {
  /** The configuration file. */
  readonly file: string;
  /** The state folder, where it outlives a power cut; undefined: beside the file. */
  readonly state?: string;
}

const EDGEOS = { file: "/config/branchline/branchline.yaml" };
const ENTWARE = { file: "/opt/etc/branchline.yaml", state: "/opt/var/lib/branchline" };
const OPENWRT = { file: "/etc/branchline.yaml", state: "/etc/branchline" };
const DEBIAN = { file: "/etc/branchline/branchline.yaml", state: "/var/lib/branchline" };

/**
 * @param exists whether there is such a file or folder
 * @param node the Node that runs this
 */
export function placesOf(exists: (path: string) => boolean, node: string): Places {
  if (exists("/opt/vyatta") && exists("/config")) return EDGEOS;
  if (node.startsWith("/opt/") && exists("/opt/etc")) return ENTWARE;
  if (exists("/etc/openwrt_release")) return OPENWRT;
  if (exists("/etc/debian_version")) return DEBIAN;
  return { file: "branchline.yaml" };
}
