/**
 * The program that is one running machine, in POSIX sh so that a machine costs no Node process. Everything that differs
 * between machines comes in SLW_ variables; nothing is put into the text.
 *
 * `watch` stays outside and starts `run` again when the machine reboots (systemd-nspawn --keep-unit exits with 133).
 * `run` has its own mount and network namespaces, so that mounts, addresses, routes and rules of the machine end with
 * its last process, as they do when a computer loses power.
 */
export const bootScript = `#!/bin/sh
set -eu
umask 022

join() {
  for group in $1; do echo $$ > "$group"; done
}

# The kernel takes down the namespaces of a machine that was just killed in the background.
patiently() {
  tries=0
  until "$@"; do
    tries=$((tries + 1))
    [ "$tries" -lt 100 ] || return 1
    sleep 0.1
  done
}

# A connection that nobody closed can keep a dead machine's network alive, answering for its addresses, for minutes.
unplug() {
  if ip link show "$SLW_CABLE" >/dev/null 2>&1; then ip link delete "$SLW_CABLE" || :; fi
}

case "$1" in
watch)
  join "$SLW_WATCH_GROUPS"
  SLW_WATCH_PID=$$
  export SLW_WATCH_PID
  while :; do
    code=0
    unplug
    unshare --mount --net --propagation private -- "$0" run || code=$?
    unplug
    [ "$code" -eq 133 ] || exit "$code"
  done
  ;;
run)
  join "$SLW_RUN_GROUPS"
  ip link set lo up
  patiently ip link add eth0 address "$SLW_MAC" mtu "$SLW_MTU" type veth peer name "$SLW_CABLE" mtu "$SLW_MTU" netns "$SLW_WATCH_PID"
  nsenter --target "$SLW_WATCH_PID" --net ip link set "$SLW_CABLE" master "$SLW_BRIDGE" up
  ip address add "$SLW_ADDRESS" dev eth0
  ip link set eth0 up
  ip route add default via "$SLW_GATEWAY"
  # systemd-nspawn leaves files there when it is killed: let them end with the machine.
  mkdir -p /run/systemd/nspawn
  mount -t tmpfs tmpfs /run/systemd/nspawn
  cd "$SLW_DIRECTORY"
  patiently mount -t overlay overlay -o "lowerdir=$SLW_LOWER,upperdir=upper,workdir=work" root
  set --
  for disk in $SLW_DISKS; do set -- "$@" "--bind=$SLW_DIRECTORY/disks$disk:$disk"; done
  # Clocks and swap belong to the whole computer, so a machine gets neither.
  exec systemd-nspawn --quiet --directory=root --boot --settings=no --register=no --keep-unit \\
    --network-namespace-path=/proc/self/ns/net --machine="$SLW_MACHINE" --hostname="$SLW_HOSTNAME" \\
    --capability=all --drop-capability=CAP_SYS_TIME \\
    --system-call-filter='@known keyctl bpf' --system-call-filter='~swapon swapoff' \\
    --bind=/dev/kmsg --resolv-conf=off --timezone=off --link-journal=no --console=read-only "$@"
  ;;
esac
`;
