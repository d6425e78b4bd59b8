#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# A Ceph cluster of one monitor and one disk, without network, for tests.
# ceph_cluster.sh up FOLDER PORT | down FOLDER
set -euo pipefail
folder=$2
conf=(-c "$folder/ceph.conf")

stop() {
  for file in "$folder"/run/*.pid; do
    [[ -f $file ]] && kill -9 "$(<"$file")" 2>/dev/null || true
  done
}

start() {
  local port=$1 id disk
  id=$(</proc/sys/kernel/random/uuid) disk=$(</proc/sys/kernel/random/uuid)
  mkdir -p "$folder"/{mon,osd,run}
  cat >"$folder/ceph.conf" <<TEXT
[global]
fsid = $id
mon host = [v2:127.0.0.1:$port,v1:127.0.0.1:$((port + 1))]
auth cluster required = none
auth service required = none
auth client required = none
run dir = $folder/run
log file = $folder/\$name.log
admin socket = $folder/run/\$name.asok
pid file = $folder/run/\$name.pid
keyring = $folder/keyring
mon data = $folder/mon
osd data = $folder/osd
osd objectstore = bluestore
bluestore block size = 4294967296
osd crush chooseleaf type = 0
osd pool default size = 1
osd pool default min size = 1
osd pool default pg autoscale mode = off
mon allow pool size one = true
osd memory target = 939524096
TEXT
  monmaptool --create --fsid "$id" --addv a "[v2:127.0.0.1:$port,v1:127.0.0.1:$((port + 1))]" "$folder/monmap"
  ceph-authtool --create-keyring "$folder/keyring" --gen-key -n mon. --cap mon 'allow *'
  ceph-mon "${conf[@]}" -i a --mkfs --monmap "$folder/monmap" --keyring "$folder/keyring"
  ceph-mon "${conf[@]}" -i a
  timeout 60 ceph "${conf[@]}" osd new "$disk"
  ceph-osd "${conf[@]}" -i 0 --mkfs --osd-uuid "$disk" --no-mon-config
  timeout 60 ceph "${conf[@]}" osd crush add osd.0 1.0 root=default host=h0
  ceph-osd "${conf[@]}" -i 0
  timeout 60 ceph "${conf[@]}" osd pool create blobs 8
}

case $1 in
  up) trap 'stop' ERR; start "$3" >"$folder.log" 2>&1 </dev/null ;;
  down) stop ;;
esac
