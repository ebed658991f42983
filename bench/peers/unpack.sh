#!/bin/sh
# Unpacks Debian's FTP servers side by side, where they do not conflict: unpack.sh DIR, as root.
#
# Programs and libraries that are installed are not unpacked again. Nothing is installed, and no
# user is made.
set -eu
[ $# = 1 ] || { echo "usage: unpack.sh DIR" >&2; exit 2; }

packages=$(mktemp -d)
trap 'rm -rf "$packages"' EXIT
mkdir "$packages/partial"
# One at a time, with what it depends on: together they cannot be asked for.
for package in vsftpd proftpd-mod-crypto pure-ftpd; do
  apt-get install -y -qq --download-only --no-install-recommends -o APT::Sandbox::User=root \
    -o Dir::Cache::archives="$packages" "$package" > /dev/null
done

mkdir -p "$1"
for package in "$packages"/*.deb; do
  [ ! -e "$package" ] || dpkg -x "$package" "$1"
done
