#!/bin/sh
# Unpacks Debian's Node for another processor into FOLDER, with the libraries that it needs, and writes FOLDER/node: a
# program that runs it here, by qemu-user. Needs no root. apt checks signatures and hashes. What is there already stays.
# Usage: fetch-root.sh SUITE ARCHITECTURE FOLDER     such as: fetch-root.sh bookworm mipsel ~/.cache/mipsel
# Environment: BRANCHLINE_DEBIAN_MIRROR, default: where this machine's apt gets Debian from
# Exit status: 0 it is there; 2 wrong usage; 3 the mirror has no such suite or processor (any more); 1 anything else
set -eu

KEYRING=/usr/share/keyrings/debian-archive-keyring.gpg
GONE=3

fail() {
	status=$1
	shift
	echo "$*" >&2
	exit "$status"
}

[ $# -eq 3 ] || fail 2 "usage: fetch-root.sh SUITE ARCHITECTURE FOLDER"
suite=$1
architecture=$2
folder=$3

case $architecture in
mipsel) processor=mipsel triplet=mipsel-linux-gnu ;;
armhf) processor=arm triplet=arm-linux-gnueabihf ;;
armel) processor=arm triplet=arm-linux-gnueabi ;;
arm64) processor=aarch64 triplet=aarch64-linux-gnu ;;
s390x) processor=s390x triplet=s390x-linux-gnu ;;
*) fail 2 "no lane for $architecture" ;;
esac

# Newer Debians call the static ones so, too.
emulator=$(command -v "qemu-$processor-static" || command -v "qemu-$processor") ||
	fail 1 "qemu-$processor-static (qemu-user-static) is not installed"
[ ! -x "$folder/node" ] || exit 0

for program in apt-get dpkg-deb; do
	command -v "$program" >/dev/null || fail 1 "$program is not installed"
done
[ -f "$KEYRING" ] || fail 1 "$KEYRING (debian-archive-keyring) is not installed"

# The first that ends in /debian, of one-line and deb822 sources.
apts_mirror() {
	cat /etc/apt/sources.list /etc/apt/sources.list.d/debian.sources /etc/apt/sources.list.d/* 2>/dev/null |
		sed -nE 's#^(URIs:|deb([[:space:]]+\[[^]]*\])?)[[:space:]]+([a-z]+:[^[:space:]]+/debian)/?([[:space:]].*)?$#\3#p' |
		head -n 1
}

mirror=${BRANCHLINE_DEBIAN_MIRROR:-$(apts_mirror)}
[ -n "$mirror" ] || fail 1 "apt's sources name no Debian mirror: set BRANCHLINE_DEBIAN_MIRROR"

parent=$(dirname "$folder")
mkdir -p "$parent"
# Beside its place, so that it comes there at once or not at all.
work=$(mktemp -d "$parent/.fetch-XXXXXX")
trap 'rm -rf "$work"' EXIT
trap 'exit 1' HUP INT TERM
mkdir -p "$work/lists/partial" "$work/cache/archives/partial" "$work/root"
: >"$work/status"
echo "deb [arch=$architecture signed-by=$KEYRING] $mirror $suite main" >"$work/sources.list"

# An apt that knows this one source, and a machine on which nothing is installed.
apt() {
	LC_ALL=C apt-get -qq \
		-o Dir::State="$work" -o Dir::State::Lists="$work/lists" -o Dir::State::status="$work/status" \
		-o Dir::Cache="$work/cache" -o Dir::Etc::SourceList="$work/sources.list" -o Dir::Etc::SourceParts=/dev/null \
		-o Dir::Etc::Preferences=/dev/null -o Dir::Etc::PreferencesParts=/dev/null \
		-o APT::Architecture="$architecture" -o APT::Architectures="$architecture" -o APT::Install-Recommends=0 \
		-o APT::Sandbox::User="$(id -un)" -o Acquire::Languages=none -o Debug::NoLocking=1 "$@" >"$work/said" 2>&1
}

# Whether apt has complained so.
said() {
	grep -qE "$1" "$work/said"
}

if ! apt -o APT::Update::Error-Mode=any update; then
	if said '(404 +Not Found|File not found|does not have a Release file)' && ! said 'Could not (connect|resolve)|Temporary failure'; then
		fail $GONE "the mirror has no $suite"
	fi
	fail 1 "apt can't read $suite: $(grep -E '^[EW]:' "$work/said" | head -n 2 | tr '\n' ' ')"
fi
if ! apt --yes --download-only install nodejs; then
	said "(Unable to locate package|no installation candidate)" && fail $GONE "the mirror has no nodejs for $architecture in $suite"
	fail 1 "apt can't fetch nodejs for $architecture: $(grep -E '^[EW]:' "$work/said" | head -n 2 | tr '\n' ' ')"
fi

for package in "$work"/cache/archives/*.deb; do
	dpkg-deb -x "$package" "$work/root"
done
(cd "$work/cache/archives" && sha256sum -- *.deb) >"$work/root/packages.sha256"
# Since trixie packages rely on it.
[ -e "$work/root/lib" ] || ln -s usr/lib "$work/root/lib"
cat >"$work/root/node" <<END
#!/bin/sh
root=\$(dirname "\$0")
exec $emulator -L "\$root" -E "LD_LIBRARY_PATH=\$root/lib/$triplet:\$root/usr/lib/$triplet" "\$root/usr/bin/node" "\$@"
END
chmod 0755 "$work/root" "$work/root/node"
# Somebody else may have been quicker.
[ -x "$folder/node" ] || mv "$work/root" "$folder"
