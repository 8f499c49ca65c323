#!/bin/sh
# Installs what the tests here and in test/lanes/ drive branchline with, where it is missing (Debian and its children).
# Needs root, or sudo. Running it again changes nothing.
set -eu

PACKAGES="sip-tester kamailio baresip-core linphone-cli keepalived bird2 exabgp frr iproute2 nftables procps openssl bsdutils busybox-static shellcheck lintian qemu-user-static debian-archive-keyring systemd nodejs squashfs-tools mandoc zsh fish tshark sngrep rsyslog tmux"
# Monitoring.
PACKAGES="$PACKAGES prometheus snmpd snmp smitools"
# What hears as systemd does, and what speaks to it.
PACKAGES="$PACKAGES python3 perl-base"
# Ansible, and the branches that it configures.
PACKAGES="$PACKAGES ansible-core openssh-client openssh-server python3-apt"
# What `npm run native` compiles with, for the processors of routers.
PACKAGES="$PACKAGES gcc libc6-dev binutils make patch xz-utils gcc-mipsel-linux-gnu gcc-mips-linux-gnu gcc-arm-linux-gnueabi"
PACKAGES="$PACKAGES gcc-arm-linux-gnueabihf gcc-aarch64-linux-gnu gcc-i686-linux-gnu"
# The status page is looked at with it.
PACKAGES="$PACKAGES chromium"
# A router with a kernel of its own.
PACKAGES="$PACKAGES qemu-system-mips cpio e2fsprogs"

is_installed() {
	[ "$(dpkg-query -W -f '${db:Status-Status}' "$1" 2>/dev/null)" = installed ]
}

missing=""
for package in $PACKAGES; do
	is_installed "$package" || missing="$missing $package"
done
if [ -z "$missing" ]; then
	echo "peers: all installed ($PACKAGES)"
	exit 0
fi

as_root=""
[ "$(id -u)" -eq 0 ] || as_root="sudo"
echo "peers: installing$missing"
$as_root apt-get update -qq
# The names are meant to be split.
# shellcheck disable=SC2086
$as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $missing

# Debian's packages would start a Kamailio of its own on port 5060, daemons for routes, a Prometheus on 9090, an snmpd, and a server of ssh.
for service in kamailio:kamailio bird2:bird frr:frr exabgp:exabgp prometheus:prometheus snmpd:snmpd openssh-server:ssh; do
	case " $missing " in
	*" ${service%:*} "*) if command -v systemctl >/dev/null; then $as_root systemctl disable --now "${service#*:}" 2>/dev/null || true; fi ;;
	esac
done
