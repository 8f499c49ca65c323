/** The bundle's `doctor` in a root folder of its own: what --fix does to routers of each family, and what others than root see. */
import { expect, test } from "vitest";
import { cleanUpAfterEach } from "./support/cleanup.ts";
import { DoctorsPatient } from "./support/doctors-patient.ts";
import { describeWith } from "./support/peers.ts";

cleanUpAfterEach();

describeWith(["namespaces", "nft"], "doctor: --fix", () => {
  const LOADED = "nf_nat_sip 9713 0 - Live 0x0\nnf_conntrack_sip 21325 1 nf_nat_sip, Live 0x0\n";
  const WRAPPER = "/opt/vyatta/sbin/vyatta-cfg-cmd-wrapper";

  test("EdgeOS: nothing without it; with it, one session as group vyattacfg, then the module and its entries; then it is well", async () => {
    const patient = new DoctorsPatient({
      "/proc/modules": LOADED,
      "/proc/sys/net/netfilter/nf_conntrack_helper": "1\n",
      "/config/config.boot": "",
    });
    patient.fake(WRAPPER, '[ "$1" != begin ] || echo "session $PPID $(id -gn)" >>/session');
    patient.fake("/opt/sbin/rmmod", ": >/proc/modules");
    patient.fake("/opt/sbin/conntrack", "");
    const before = await patient.doctor();
    expect(before.of("sip-helper")).toMatch(/^fault/);
    expect(before.of("gateways")).toMatch(/^fault .* doesn't answer OPTIONS.*no route there/);
    expect(patient.changes).toEqual([]);
    const after = await patient.doctor({ fix: true });
    expect(patient.changes).toEqual([
      ...["begin", "set system conntrack modules sip disable", "commit", "save", "end"].map(
        (step) => `${WRAPPER} ${step}`,
      ),
      "rmmod nf_nat_sip nf_conntrack_sip",
      "conntrack -D -p udp --dport 5060",
    ]);
    expect(patient.read("/session")).toMatch(/^session \d+ vyattacfg\n$/);
    for (const line of [
      "begin && ",
      "set system conntrack modules sip disable && ",
      "rmmod nf_nat_sip",
      "conntrack -D",
      "to undo it: configure; delete system conntrack modules sip disable",
    ]) {
      expect(after.stderr).toContain(line);
    }
    expect(after.of("sip-helper")).toMatch(/^ok/);
  });

  test("EdgeOS: a commit that fails is told, and the fault stays", async () => {
    const patient = new DoctorsPatient({
      "/proc/modules": LOADED,
      "/proc/sys/net/netfilter/nf_conntrack_helper": "1\n",
    });
    patient.fake(WRAPPER, '[ "$1" != commit ] || { echo "Commit failed"; exit 1; }');
    patient.fake("/opt/sbin/rmmod", "exit 1");
    const { stderr, of, status } = await patient.doctor({ fix: true });
    expect(patient.changes.slice(0, 4).map((line) => line.split(" ")[1])).toEqual(["begin", "set", "commit", "end"]);
    expect(stderr).toContain("Commit failed\n  ended with 1");
    expect(of("sip-helper")).toMatch(/^fault/);
    expect(status).toBe(1);
  });

  test("OpenWrt: uci, and the firewall reads it anew; the network isn't touched", async () => {
    const patient = new DoctorsPatient({
      "/proc/modules": LOADED,
      "/proc/sys/net/netfilter/nf_conntrack_helper": "1\n",
      "/etc/openwrt_release": "",
    });
    patient.fake(
      "/opt/sbin/uci",
      '[ $1 != show ] || printf "firewall.@defaults[0]=defaults\\nfirewall.@zone[0]=zone\\n"',
    );
    patient.fake("/opt/sbin/rmmod", ": >/proc/modules");
    patient.fake("/etc/init.d/firewall", "");
    expect((await patient.doctor({ fix: true })).of("sip-helper")).toMatch(/^ok/);
    expect(patient.changes).toEqual([
      "uci set firewall.@defaults[0].auto_helper=0",
      "uci set firewall.@zone[0].auto_helper=0",
      "uci commit firewall",
      "/etc/init.d/firewall reload",
      "rmmod nf_nat_sip nf_conntrack_sip",
    ]);
  });

  test("Tomato: nvram", async () => {
    const patient = new DoctorsPatient({ "/proc/modules": LOADED });
    patient.fake("/bin/nvram", "[ $1 != get ] || echo 1");
    patient.fake("/opt/sbin/rmmod", ": >/proc/modules");
    expect((await patient.doctor({ fix: true })).of("sip-helper")).toMatch(/^ok/);
    expect(patient.changes).toEqual(["nvram set nf_sip=0", "nvram commit", "rmmod nf_nat_sip nf_conntrack_sip"]);
  });

  test("Debian: modprobe.d and sysctl.d", async () => {
    const patient = new DoctorsPatient({
      "/proc/modules": LOADED,
      "/proc/sys/net/netfilter/nf_conntrack_helper": "1\n",
      "/proc/sys/net/core/rmem_max": "212992\n",
      "/etc/debian_version": "12.5\n",
    });
    patient.fake(
      "/opt/sbin/sysctl",
      "case $* in *rmem_max*) echo 4194304 >/proc/sys/net/core/rmem_max;; *) echo 0 >/proc/sys/net/netfilter/nf_conntrack_helper;; esac",
    );
    patient.fake("/opt/sbin/rmmod", ": >/proc/modules");
    const { of } = await patient.doctor({ fix: true });
    expect(of("sip-helper")).toMatch(/^ok/);
    expect(of("buffers")).toMatch(/^ok/);
    expect(patient.read("/etc/modprobe.d/branchline.conf")).toBe(
      "install nf_nat_sip /bin/false\ninstall nf_conntrack_sip /bin/false\n",
    );
    expect(patient.read("/etc/sysctl.d/90-branchline.conf")).toBe("net.core.rmem_max=4194304\n");
    expect(patient.read("/etc/sysctl.d/90-branchline-helper.conf")).toBe("net.netfilter.nf_conntrack_helper=0\n");
  });

  test("connections of an address that is gone are flushed, and the rest is left alone", async () => {
    const patient = new DoctorsPatient({ "/proc/modules": "" });
    const entry =
      "udp 17 170 src=127.62.0.77 dst=127.62.0.3 sport=5060 dport=5060 src=127.62.0.3 dst=203.0.113.77 sport=5060 dport=5060 use=1";
    patient.fake(
      "/opt/sbin/conntrack",
      `[ $1 = -L ] && [ ! -f /flushed ] && echo "${entry}"; [ $1 != -D ] || : >/flushed; true`,
    );
    expect((await patient.doctor()).of("conntrack")).toMatch(/^warning 1 tracked connection still on 203\.0\.113\.77/);
    expect(patient.changes).toEqual([]);
    const { of, stderr } = await patient.doctor({ fix: true });
    expect(patient.changes).toEqual(["conntrack -D -p udp --dport 5060"]);
    expect(stderr).toContain("conntrack: conntrack -D -p udp --dport 5060\n");
    expect(stderr).not.toContain("to undo");
    expect(of("conntrack")).toMatch(/^ok/);
  });

  test("who isn't root changes nothing, and is told so; a read-only root is no obstacle to looking", async () => {
    const patient = new DoctorsPatient({
      "/proc/modules": LOADED,
      "/proc/sys/net/netfilter/nf_conntrack_helper": "1\n",
    });
    patient.fake(WRAPPER, "");
    const { stderr, of } = await patient.doctor({ fix: true, user: 65_534, isReadOnly: true });
    expect(stderr).toContain("Permission denied, nothing has been changed: run with sudo");
    expect(of("sip-helper")).toMatch(/^fault/);
    expect(patient.changes).toEqual([]);
    expect((await patient.doctor({ isReadOnly: true })).of("storage")).toMatch(/^warning .*can't be written \(EROFS\)/);
  });

  test("a state folder that only root may enter is no sign of a branchline that runs", async () => {
    const patient = new DoctorsPatient({ "/proc/modules": "", "/proc/net/unix": "Num RefCount\n", "/state/x": "" });
    patient.lock("/state");
    const { of } = await patient.doctor({ user: 65_534 });
    expect(of("running")).toMatch(/^warning no branchline runs/);
    expect(of("ports")).not.toContain("doesn't listen");
  });
});
