/** Events of a cluster, also of a pair whose other half is foreign, as `events.ts` has all others. */
export const CLUSTER_EVENTS = {
  cluster_state: {
    at: ["info"],
    says: "What this member does has changed: it is syncing, active, draining, drained or stopped.",
    fields: { state: "text", why: "text" },
  },
  cluster_member_alive: {
    at: ["info"],
    says: "Another member is heard and hears us.",
    fields: { member: "text", why: "text" },
  },
  cluster_member_left: {
    at: ["info"],
    says: "Another member has said that it stops.",
    fields: { member: "text", why: "text" },
  },
  cluster_member_dead: {
    at: ["warn"],
    says: "Another member is silent, or has started anew without a farewell; of a line that flaps each death isn't told, but counted.",
    fields: { member: "text", why: "text", deaths: "number" },
  },
  cluster_differs: {
    at: ["warn"],
    says: "What has to be equal in the files of both members isn't: give both the same keys, and reload the configuration.",
    fields: { member: "text", subjects: "text" },
  },
  cluster_agrees: {
    at: ["info"],
    says: "What has to be equal in the files of both members is equal again.",
    fields: { member: "text" },
  },
  cluster_upstream_elsewhere: {
    at: ["warn"],
    says: "Upstream is silent here and answers at this member: the line to upstream is cut on this router alone.",
    fields: { member: "text" },
  },
  cluster_upstream_shared: {
    at: ["info"],
    says: "Upstream no longer answers at another member alone.",
    fields: {},
  },
  cluster_dropped: {
    at: ["warn"],
    says: "Datagrams to the cluster's address were dropped; a reason has at most one line an hour, and `status --json` counts all.",
    fields: { reason: "text", dropped: "number", cure: "text" },
  },
  cluster_part_too_long: {
    at: ["warn"],
    says: "A call or a record is too long for a datagram: no other member knows it.",
    fields: { kind: "text", octets: "number", limit_octets: "number" },
  },
  shared_address: {
    at: ["info"],
    says: "An address that the members of the pair share has come to this router, or has left it; by the kernel's word.",
    fields: { listen: "text", is_here: "text" },
  },
  cluster_link: {
    at: ["warn"],
    says: "The socket by which the members tell each other what changes has failed, or can't be opened: it is tried again each second.",
    fields: { error: "text", effect: "text" },
  },
  health_file: {
    at: ["warn"],
    says: "The file by which keepalived, or a watchdog of the route, knows whether this member is well can't be written: see the rights of its folder.",
    fields: { file: "text", error: "text", effect: "text" },
  },
  route: {
    at: ["info"],
    says: "The route to the anycast address was announced or withdrawn, by a command of `cluster.route`.",
    fields: { route: "text", command: "text" },
  },
  route_command: {
    at: ["warn"],
    says: "A command of `cluster.route` has failed: it is tried again, at first after 1 s and then each 30 s; the same failure is told once.",
    fields: { command: "text", error: "text", effect: "text", cure: "text" },
  },
  call_untold: {
    at: ["warn"],
    says: "The other members of the cluster aren't told of a call, and can't go on with it (each reason is told once an hour at most).",
    fields: { why: "text" },
  },
  calls_of_member: {
    at: ["info"],
    says: "How many calls a member of the cluster has now, and how many have begun there since its start (`cluster.log_calls`).",
    fields: { member: "text", active: "number", processed: "number" },
  },
  calls_carried_on: {
    at: ["info"],
    says: "A member of the cluster is dead, or has given its calls away: those that it was making are gone on with here.",
    fields: { member: "text", calls: "number" },
  },
  call_not_carried_on: {
    at: ["warn"],
    says: "A call that another member was making can't be gone on with here: what the two have in their files, or their versions, differ too much.",
    fields: { member: "text", events: "number", error: "text?" },
  },
  copies_taken: {
    at: ["info"],
    says: "The other half of the pair takes copies of REGISTERs again (`registration.copies.to`).",
    fields: { backup: "text" },
  },
  copies_refused: {
    at: ["warn"],
    says: "The other half of the pair refuses copies of REGISTERs: it doesn't believe this router's address, or not these phones.",
    fields: { backup: "text", status: "number" },
  },
  copies_unanswered: {
    at: ["warn"],
    says: "The other half of the pair is silent: what it misses comes with each phone's next REGISTER, once it answers again.",
    fields: { backup: "text", why: "text" },
  },
} as const;
