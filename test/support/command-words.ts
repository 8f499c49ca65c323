/** What man pages and deploy/commands.md say beside the rows of commands. */

export const ENVIRONMENT = [
  {
    name: "BRANCHLINE_CONFIG",
    words: "The configuration file of commands without -c. Packages set it to the file that their service runs with.",
  },
  {
    name: "BRANCHLINE_MONITOR_SOCKET",
    words:
      "A second socket of the running branchline, for the group of the socket. It answers commands that change nothing: status, registered, calls, trace, history, readiness and the reports of drill. Debian's package sets it, and on EdgeOS the script for SNMP.",
  },
  {
    name: "NO_COLOR",
    words: "If it is set and not empty, output has no colours. Output that doesn't go to a terminal never has colours.",
  },
] as const;

/** Of Debian's package; other families have theirs in deploy/. */
export const FILES = [
  {
    path: "/etc/branchline/branchline.yaml",
    words:
      "The configuration. A commented sample is in /usr/share/doc/branchline/examples; branchline.yaml(5) explains each key.",
  },
  {
    path: "/var/lib/branchline",
    words: "The state folder: the secret, the phones' bindings, the last calls. Only root may read it.",
  },
] as const;
