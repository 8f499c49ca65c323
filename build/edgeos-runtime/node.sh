#!/bin/sh
# Node with the loader and the libraries of this image: it uses none of the router's own, whatever is installed there.
image=/run/branchline/node
# Whom TLS believes by default is the router's business. Debian's OpenSSL would look in /usr/lib/ssl.
export SSL_CERT_DIR="${SSL_CERT_DIR:-/etc/ssl/certs}"
exec $image/lib/ld.so.1 --inhibit-cache --library-path $image/lib --argv0 "$0" $image/bin/node.bin "$@"
