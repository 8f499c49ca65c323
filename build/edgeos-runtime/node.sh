#!/bin/sh
# Node with the loader and the libraries of this image: it uses nothing of the router's own, whatever is installed there.
image=/run/branchline/node
exec $image/lib/ld.so.1 --inhibit-cache --library-path $image/lib --argv0 "$0" $image/bin/node.bin "$@"
