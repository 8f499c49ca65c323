/** What builds the EdgeRouter X's Node. */
import { isInstalled, refuseWithout } from "../tools.mjs";

/** Program → Debian's package. */
const TOOLS = { "dpkg-deb": "dpkg", mksquashfs: "squashfs-tools", "/usr/lib/apt/apt-helper": "apt" };

/** @throws when programs are missing: it names all of them, and how to install them */
export function demandTools() {
  refuseWithout(new Map(Object.entries(TOOLS).filter(([program]) => !isInstalled(program))));
}
