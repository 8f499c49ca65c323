#!/bin/sh
# Says whether the branchline of this router may hold the addresses of its pair: for keepalived's vrrp_script, and for any other VRRP that
# can ask a script. It starts no branchline, so it may run each second.
#   healthy.sh FILE [SECONDS]
# FILE is the one that `cluster.health_file` names. The script exits with 0 if FILE says 1 and isn't older than SECONDS, by default 3: a
# branchline that hangs or has ended doesn't write it any more. It exits with 1 if not, and with 2 if it was called wrongly.
file=$1
most_s=${2:-3}
if [ -z "$file" ] || [ -z "$most_s" ] || [ -n "$(echo "$most_s" | tr -d 0-9)" ]; then
	echo "Usage: $0 FILE [SECONDS]" >&2
	exit 2
fi

says=
read -r says 2>/dev/null <"$file" || [ -n "$says" ] || exit 1
[ "$says" = 1 ] || exit 1

# Not every busybox has both.
written_s=$(date -r "$file" +%s 2>/dev/null || stat -c %Y "$file" 2>/dev/null)
# Without a time there is only the word of the file.
[ -n "$written_s" ] || exit 0
age_s=$(($(date +%s) - written_s))
# A file of the future was written before the clock was set back.
[ "$age_s" -le "$most_s" ] && [ "$age_s" -ge "-$most_s" ] || exit 1
