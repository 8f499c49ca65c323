/** What branches are like when an alert is due, and when it isn't: for `promtool test rules`. */

/** Series by their text, with values as promtool has them: "1x5" is one, and five times the same a minute later. */
export interface AlertCase {
  readonly alert: string;
  readonly series: Readonly<Record<string, string>>;
  /** When it is looked at. */
  readonly at: string;
  /** The branches for which it is due. */
  readonly due: readonly string[];
}

const of = (name: string, branch: string, labels = "") =>
  `${name}{job="branchline",branch="${branch}",instance="${branch}:8080"${labels}}`;

export const ALERT_CASES: readonly AlertCase[] = [
  {
    alert: "BranchlineGone",
    series: { [of("up", "a")]: "1 0x9", [of("up", "b")]: "0 1 0 0 1 0 0" },
    at: "6m",
    due: ["a"],
  },
  {
    alert: "BranchlineInSurvival",
    series: { [of("branchline_survival", "a")]: "0 1x9", [of("branchline_survival", "b")]: "0 1 0 1 0" },
    at: "4m",
    due: ["a"],
  },
  {
    alert: "BranchlineNoWayOut",
    series: {
      [of("branchline_calls_go_to", "a", ',role="none"')]: "1x9",
      [of("branchline_calls_go_to", "b", ',role="none"')]: "0x9",
      [of("branchline_calls_go_to", "b", ',role="gateway"')]: "1x9",
    },
    at: "2m",
    due: ["a"],
  },
  {
    alert: "BranchlineGatewayDown",
    series: {
      [of("branchline_peer_state", "a", ',role="gateway",peer="10.10.1.3",state="down"')]: "1x9",
      [of("branchline_peer_state", "b", ',role="upstream",peer="pbx",state="down"')]: "1x9",
    },
    at: "6m",
    due: ["a"],
  },
  {
    alert: "BranchlineGatewayNearlyFull",
    series: {
      [of("branchline_gateway_calls", "a", ',gateway="x"')]: "4x20",
      [of("branchline_gateway_channels", "a", ',gateway="x"')]: "4x20",
      [of("branchline_gateway_calls", "b", ',gateway="x"')]: "3x20",
      [of("branchline_gateway_channels", "b", ',gateway="x"')]: "4x20",
      [of("branchline_gateway_calls", "c", ',gateway="x"')]: "9x20",
    },
    at: "15m",
    due: ["a"],
  },
  {
    alert: "BranchlineUpstreamFlaps",
    series: {
      [of("branchline_peer_state_changes_total", "a", ',role="upstream",state="down",peer="pbx"')]: "0+1x30",
      [of("branchline_peer_state_changes_total", "b", ',role="upstream",state="down",peer="pbx"')]: "0 1x30",
    },
    at: "30m",
    due: ["a"],
  },
  {
    alert: "BranchlinePhonesMissing",
    series: { [of("branchline_phones", "a")]: "20x5 12x60", [of("branchline_phones", "b")]: "20x5 17x60" },
    at: "60m",
    due: ["a"],
  },
  {
    alert: "BranchlinePhonesNotBack",
    series: { [of("branchline_phones_not_back", "a")]: "3x60", [of("branchline_phones_not_back", "b")]: "0x60" },
    at: "40m",
    due: ["a"],
  },
  {
    alert: "BranchlineRegistersSlow",
    series: {
      // Two targets, of which one is slow; one that is slow for some minutes; one that is slow, and nobody waits for it.
      [of("branchline_register_pace", "a", ',peer="x"')]: "0.1x60",
      [of("branchline_register_pace", "a", ',peer="y"')]: "10x60",
      [of("branchline_register_pace", "b", ',peer="x"')]: "0.1x5 10x60",
      [of("branchline_register_pace", "c", ',peer="x"')]: "0.1x60",
      ...Object.fromEntries(
        ["a x", "a y", "b x", "c x"].map((one) => {
          const [branch = "", peer] = one.split(" ");
          return [of("branchline_register_pace_limit", branch, `,peer="${peer}"`), "10x60"];
        }),
      ),
      [of("branchline_phones_not_back", "a")]: "30x60",
      [of("branchline_phones_not_back", "b")]: "30x60",
      [of("branchline_phones_not_back", "c")]: "2x60",
    },
    at: "20m",
    due: ["a"],
  },
  {
    alert: "BranchlineForced",
    series: { [of("branchline_forced", "a")]: "1x90", [of("branchline_forced", "b")]: "1x30 0x60" },
    at: "70m",
    due: ["a"],
  },
  {
    alert: "BranchlineReloadRefused",
    series: { [of("branchline_reload_refused", "a")]: "1x90", [of("branchline_reload_refused", "b")]: "0x90" },
    at: "20m",
    due: ["a"],
  },
  {
    alert: "BranchlineTableFull",
    series: {
      [of("branchline_table_entries", "a", ',table="bindings"')]: "500x20",
      [of("branchline_table_limit", "a", ',table="bindings"')]: "500x20",
      [of("branchline_table_entries", "b", ',table="bindings"')]: "499x20",
      [of("branchline_table_limit", "b", ',table="bindings"')]: "500x20",
    },
    at: "10m",
    due: ["a"],
  },
  {
    alert: "BranchlineRestarts",
    series: {
      [of("branchline_uptime_seconds", "a")]: "60 120 5 65 5 65 5 65",
      [of("branchline_uptime_seconds", "b")]: "60 120 5 65x9",
    },
    at: "8m",
    due: ["a"],
  },
  {
    alert: "BranchlineNotReady",
    series: { [of("branchline_ready", "a")]: "0x90", [of("branchline_ready", "b")]: "0x30 1x60" },
    at: "70m",
    due: ["a"],
  },
  {
    alert: "BranchlineCertificate",
    series: {
      [of("branchline_certificate_left_seconds", "a")]: "1728000x5",
      [of("branchline_certificate_left_seconds", "b")]: "1814400x5",
    },
    at: "2m",
    due: ["a"],
  },
  {
    alert: "BranchlinePairAlone",
    series: {
      [of("branchline_pair_member_alive", "a", ',member="right"')]: "0x20",
      [of("branchline_pair_member_alive", "b", ',member="right"')]: "1x20",
    },
    at: "6m",
    due: ["a"],
  },
  {
    alert: "BranchlinePairDiffers",
    series: {
      [of("branchline_pair_differences", "a", ',member="right"')]: "2x20",
      [of("branchline_pair_differences", "b", ',member="right"')]: "0x20",
    },
    at: "16m",
    due: ["a"],
  },
  {
    alert: "BranchlinePairAddress",
    series: {
      'branchline_pair_address_here{branch="a",instance="1",address="10.0.0.1"}': "1x20",
      'branchline_pair_address_here{branch="a",instance="2",address="10.0.0.1"}': "1x20",
      'branchline_pair_address_here{branch="b",instance="1",address="10.0.0.1"}': "1x20",
      'branchline_pair_address_here{branch="b",instance="2",address="10.0.0.1"}': "0x20",
    },
    at: "3m",
    due: ["a"],
  },
  {
    alert: "BranchlineMemberSilent",
    series: {
      [of("branchline_anycast_member_alive", "a", ',member="node2"')]: "1 0x20",
      [of("branchline_anycast_member_alive", "b", ',member="node2"')]: "1x20",
    },
    at: "7m",
    due: ["a"],
  },
  {
    alert: "BranchlineMembersDiffer",
    series: {
      [of("branchline_anycast_differences", "a", ',member="node2"')]: "1x20",
      [of("branchline_anycast_differences", "b", ',member="node2"')]: "0x20",
    },
    at: "16m",
    due: ["a"],
  },
  {
    alert: "BranchlineRouteWithdrawn",
    series: {
      [of("branchline_anycast_state", "a", ',state="active"')]: "1x20",
      [of("branchline_anycast_route_announced", "a")]: "0x20",
      [of("branchline_anycast_state", "b", ',state="active"')]: "1x20",
      [of("branchline_anycast_route_announced", "b")]: "1x20",
      [of("branchline_anycast_state", "c", ',state="active"')]: "0x20",
      [of("branchline_anycast_route_announced", "c")]: "0x20",
    },
    at: "3m",
    due: ["a"],
  },
];
