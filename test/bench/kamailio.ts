/**
 * The rival: the founding article's job as a Kamailio configuration, in its leanest form.
 *
 * Lean: one worker per socket, no TCP, a large receive buffer, no logging on the way of a packet. What the article says is kept: Path and
 * Supported on REGISTER, a failure route that acts on timeouts only, 181, sleep(3), 302 with the gateway as Contact. The
 * gateway's calls ring five phones at once.
 */
import { spawnSync } from "node:child_process";
import { DOMAIN, GATEWAY, hostPort, PHONES_SUBNET, PROXY, RINGING, UPSTREAM } from "./addresses.ts";

const MODULES = ["tm", "sl", "rr", "path", "pv", "maxfwd", "textops", "siputils", "ipops", "cfgutils", "corex"];

/** Room for a burst, as branchline asks for too; the default is 256 KiB. */
const RECEIVE_BUFFER_BYTES = 4 << 20;

/** Its version, or undefined where it is not installed. */
export function kamailioVersion(): string | undefined {
  const { stdout } = spawnSync("kamailio", ["-v"], { encoding: "latin1" });
  return /^version: kamailio (\S+)/m.exec(stdout ?? "")?.[1];
}

export function kamailioConfig(frTimer_ms: number): string {
  return `#!KAMAILIO
debug=1
log_stderror=yes
children=1
disable_tcp=yes
maxbuffer=${RECEIVE_BUFFER_BYTES}
auto_aliases=no
dns=no
rev_dns=no
listen=udp:${hostPort(PROXY)}
${MODULES.map((name) => `loadmodule "${name}.so"`).join("\n")}
modparam("tm", "fr_timer", ${frTimer_ms})
modparam("rr", "enable_double_rr", 1)

request_route {
	if (!mf_process_maxfwd_header("70")) { sl_send_reply("483", "Too Many Hops"); exit; }
	if (is_method("CANCEL")) { if (t_check_trans()) { t_relay(); } exit; }
	if (has_totag()) {
		if (loose_route()) { t_relay(); exit; }
		if (is_method("ACK")) { if (t_check_trans()) { t_relay(); } exit; }
		sl_send_reply("404", "Not here");
		exit;
	}
	if (is_method("OPTIONS") && uri == myself) { sl_send_reply("200", "OK"); exit; }
	t_check_trans();
	if (is_method("REGISTER")) {
		add_path();
		append_hf("Supported: path\\r\\n");
	} else {
		record_route();
		if (is_method("INVITE") && is_in_subnet("$si", "${PHONES_SUBNET}") && $rd != "${GATEWAY.host}") {
			t_on_failure("SURVIVAL");
		}
	}
	if (is_method("INVITE") && $si == "${GATEWAY.host}") {
		$ru = "${RINGING[0]}";
${RINGING.slice(1)
  .map((uri) => `		append_branch("${uri}");`)
  .join("\n")}
		t_relay();
		exit;
	}
	if ($rd == "${DOMAIN}") { $du = "sip:${hostPort(UPSTREAM)}"; }
	t_relay();
}

failure_route[SURVIVAL] {
	if (t_is_canceled()) { exit; }
	if (t_any_timeout()) {
		t_reply("181", "Survival Activated - please standby");
		sleep(3);
		append_to_reply("Contact: <sip:" + $rU + "@${hostPort(GATEWAY)}>\\r\\n");
		t_reply("302", "Try another way");
		exit;
	}
}
`;
}
