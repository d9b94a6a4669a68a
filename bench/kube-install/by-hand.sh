#!/usr/bin/env bash
# From bare Debian machines to a Kubernetes cluster, as an engineer who knows them well writes it: everything that can
# happen at the same time does, one connection per machine, one transfer per machine. Takes a folder:
#
#   cluster.env          names, addresses, versions (see below)
#   ssh_config           how to reach the machines
#   artifacts/           packages.tar, programs, images/*.tar: what the bundle has
#   files/<machine>/     configuration files, as they lie below /
#   packages/<machine>   names of Debian packages
#   images/<machine>     file names of images
#   manifests.json       kube-proxy, CoreDNS, node-local DNS, metrics-server
#
# Prints a line "<seconds> <what has been reached>" for each stage.
set -euo pipefail

input=$1
declare -A ADDRESS
# LOAD_BALANCERS, CONTROL_PLANES and WORKERS (names), ADDRESS[name], VIRTUAL_IP, TOPOLOGY (external or stacked),
# SERVICE_CIDR, POD_CIDR, DNS_IMAGE
source "$input/cluster.env"
nodes="$CONTROL_PLANES $WORKERS"
first=${CONTROL_PLANES%% *}
others=${CONTROL_PLANES#* }
work=$(mktemp -d)
# The machines share one computer, and may run cgroup v1.
ignored=NumCPU,Mem,SystemVerification

SECONDS=0
stage() { echo "$SECONDS $*"; }

ssh_to() { ssh -F "$input/ssh_config" -o ControlMaster=auto -o "ControlPath=$work/%C" -o ControlPersist=60 -l root "$@"; }
# Runs the script on stdin on a machine; it sees the words, the machine's name first, as $1...
on() {
  local script
  script=$(cat)
  ssh_to "$1" "bash -euo pipefail -c ${script@Q} by-hand ${*@Q}" </dev/null
}
kubectl() { ssh_to "$first" "KUBECONFIG=/etc/kubernetes/admin.conf kubectl ${*@Q}"; }
trap 'for m in $LOAD_BALANCERS $nodes; do ssh_to -O exit "$m" 2>/dev/null || true; done; rm -rf "$work"' EXIT

# Runs a function for each machine at the same time, and fails when one of them did.
for_all() {
  local what=$1 pids=() machine
  shift
  for machine in "$@"; do "$what" "$machine" >"$work/$what-$machine.log" 2>&1 & pids+=($!); done
  for machine in "$@"; do
    if ! wait "${pids[0]}"; then echo "$what $machine failed" >&2; tail -n 20 "$work/$what-$machine.log" >&2; return 1; fi
    pids=("${pids[@]:1}")
  done
}

# --- every machine: one transfer, packages, kernel settings, then its role's programs and images

prepare_load_balancer() { # machine
  send "$1" packages.tar
  on "$1" <<<"$base"
}

prepare_node() { # machine
  local programs=(packages.tar containerd.tar cni-plugins.tar kubeadm kubelet kubectl)
  [[ $TOPOLOGY == external && " $CONTROL_PLANES " == *" $1 "* ]] && programs+=(etcd.tar)
  send "$1" "${programs[@]}" $(sed 's|^|images/|' "$input/images/$1")
  on "$1" <<<"$base
$node"
}

send() { # machine files...
  tar -C "$input/files/$1" -cf - . | ssh_to "$1" tar -C / --no-same-owner --no-overwrite-dir -xf -
  tar -C "$input/artifacts" -cf - "${@:2}" -C "$input/packages" "$1" |
    ssh_to "$1" "mkdir -p /var/tmp/by-hand && tar -C /var/tmp/by-hand -xf -"
}

base='
cd /var/tmp/by-hand
mkdir -p /opt/packages
tar -xf packages.tar -C /opt/packages
echo "deb [trusted=yes] file:/opt/packages ./" >/etc/apt/by-hand.list
apt="apt-get -q -y -o Dir::Etc::sourcelist=/etc/apt/by-hand.list -o Dir::Etc::sourceparts=-"
export DEBIAN_FRONTEND=noninteractive UCF_FORCE_CONFFOLD=1
swapoff -a
modprobe -qa overlay br_netfilter || true
sysctl -q --system || true
$apt update
$apt install --no-install-recommends -o Dpkg::Options::=--force-confold $(cat "$1")
systemctl daemon-reexec
'

node='
tar -xf containerd.tar -C /usr/local
mkdir -p /opt/cni/bin /var/log/kubernetes/audit
tar -xf cni-plugins.tar -C /opt/cni/bin
install -m 755 kubeadm kubelet kubectl /usr/local/bin
systemctl enable --now containerd
systemctl enable kubelet
for image in images/*.tar; do ctr -n k8s.io images import "$image"; done
if [[ -e etcd.tar ]]; then
  programs=$(dirname "$(sed -n "s/^ExecStart=//p" /etc/systemd/system/etcd.service)")
  mkdir -p "$programs"
  tar -xf etcd.tar --strip-components=1 -C "$programs"
  ln -sf "$programs/etcdctl" /usr/local/bin/etcdctl
  useradd --system --home-dir /var/lib/etcd --shell /usr/sbin/nologin etcd
  install -d -o etcd -g etcd -m 700 /var/lib/etcd
  install -d -o root -g etcd -m 750 /etc/etcd/pki
fi
'

# --- external etcd

make_etcd_certificates() {
  local pki=$work/etcd-pki machine
  mkdir "$pki"
  key() { openssl ecparam -name prime256v1 -genkey -noout -out "$1"; }
  key "$pki/ca.key"
  openssl req -x509 -new -key "$pki/ca.key" -subj "/CN=etcd CA" -days 3650 -out "$pki/ca.crt"
  for machine in $CONTROL_PLANES; do
    key "$pki/$machine.key"
    openssl req -new -key "$pki/$machine.key" -subj "/CN=$machine" |
      openssl x509 -req -CA "$pki/ca.crt" -CAkey "$pki/ca.key" -CAcreateserial -days 365 -out "$pki/$machine.crt" \
        -extfile <(echo "extendedKeyUsage=serverAuth,clientAuth"; echo "subjectAltName=DNS:$machine,DNS:localhost,IP:127.0.0.1,IP:${ADDRESS[$machine]}")
  done 2>/dev/null
}

start_etcd() { # machine
  tar -C "$work/etcd-pki" -cf - ca.crt "$1.crt" "$1.key" | ssh_to "$1" tar -C /var/tmp/by-hand -xf -
  on "$1" "$(for m in $CONTROL_PLANES; do printf '%s=https://%s:2380,' "$m" "${ADDRESS[$m]}"; done)" <<'EOF'
    cd /var/tmp/by-hand
    for use in server peer client; do
      install -m 644 "$1.crt" /etc/etcd/pki/$use.crt
      install -o etcd -g etcd -m 600 "$1.key" /etc/etcd/pki/$use.key
    done
    install -m 644 ca.crt /etc/etcd/pki/ca.crt
    install -D -m 644 ca.crt /etc/kubernetes/pki/etcd/ca.crt
    install -m 644 "$1.crt" /etc/kubernetes/pki/apiserver-etcd-client.crt
    install -m 600 "$1.key" /etc/kubernetes/pki/apiserver-etcd-client.key
    cat >/etc/etcd/bootstrap.env <<ENV
ETCD_INITIAL_CLUSTER=${2%,}
ETCD_INITIAL_CLUSTER_STATE=new
ETCD_INITIAL_CLUSTER_TOKEN=by-hand
ENV
    systemctl daemon-reload
    systemctl enable --now etcd
    rm /etc/etcd/bootstrap.env
EOF
}

etcd_healthy() {
  ssh_to "$first" etcdctl --cacert=/etc/etcd/pki/ca.crt --cert=/etc/etcd/pki/client.crt --key=/etc/etcd/pki/client.key \
    endpoint health --cluster
}

# --- Kubernetes

initialise() {
  on "$first" $ignored <<'EOF'
    kubeadm init --config /etc/kubernetes/slipway/kubeadm.yaml --ignore-preflight-errors=$2
    export KUBECONFIG=/etc/kubernetes/admin.conf
    kubeadm init phase bootstrap-token --config /etc/kubernetes/slipway/kubeadm.yaml
EOF
}

make_discovery() {
  local token ca
  token=$(ssh_to "$first" KUBECONFIG=/etc/kubernetes/admin.conf kubeadm token create --ttl 15m 2>/dev/null)
  ca=$(ssh_to "$first" base64 -w0 /etc/kubernetes/pki/ca.crt)
  cat >"$work/discovery.conf" <<EOF
apiVersion: v1
kind: Config
clusters: [{ name: it, cluster: { server: "https://$VIRTUAL_IP:6443", certificate-authority-data: "$ca" } }]
users: [{ name: new, user: { token: "$token" } }]
contexts: [{ name: it, context: { cluster: it, user: new } }]
current-context: it
EOF
}

join_control_plane() { # machine
  local authorities="ca.crt ca.key front-proxy-ca.crt front-proxy-ca.key sa.key sa.pub"
  [[ $TOPOLOGY == stacked ]] && authorities+=" etcd/ca.crt etcd/ca.key"
  ssh_to "$first" tar -C /etc/kubernetes/pki -cf - $authorities | ssh_to "$1" "mkdir -p /etc/kubernetes/pki && tar -C /etc/kubernetes/pki -xf -"
  join_node "$1"
}

join_node() { # machine
  ssh_to "$1" kubeadm join --config /etc/kubernetes/slipway/join.yaml \
    --ignore-preflight-errors=$ignored,FileAvailable--etc-kubernetes-pki-ca.crt <"$work/discovery.conf"
}

# With stacked etcd a member at a time.
join_control_planes() {
  if [[ $TOPOLOGY == stacked ]]; then for m in $others; do for_all join_control_plane "$m"; done
  else for_all join_control_plane $others; fi
}

# etcd may have no leader for a moment while a member joins. Validation would wait for metrics-server, which is among them.
apply_manifests() {
  for _ in 1 2 3 4 5; do
    kubectl apply --server-side --validate=false -f - <"$input/manifests.json" >/dev/null && return
    sleep 1
  done
  return 1
}

serving_requests() { # template of a line
  kubectl get csr --field-selector spec.signerName=kubernetes.io/kubelet-serving -o "go-template={{range .items}}$1{{end}}"
}

approve_serving_certificates() {
  local pending
  until [[ $(serving_requests '{{if .status.certificate}}{{.spec.username}}{{"\n"}}{{end}}' | sort -u | wc -l) == $(wc -w <<<"$nodes") ]]; do
    pending=$(serving_requests '{{if not .status.conditions}}{{.metadata.name}} {{end}}')
    if [[ -n $pending ]]; then kubectl certificate approve $pending >/dev/null; else sleep 1; fi
  done
}

# --- the pods' network: every node's own range, and the way to everybody else's

lead_to_pods() { # machine
  on "$1" "${ADDRESS[$1]}" "$SERVICE_CIDR" "$POD_CIDR" "$(cat "$work/ranges")" <<'EOF'
    mkdir -p /etc/cni/net.d /etc/slipway
    device=$(ip -o -4 address show | awk -v a="$2/" 'index($4, a) == 1 { print $2 }')
    echo "route replace $3 dev $device src $2 protocol 120" >/etc/slipway/pod-routes
    while read -r machine address range; do
      if [[ $machine == "$1" ]]; then own=$range; continue; fi
      echo "route replace $range via $address protocol 120" >>/etc/slipway/pod-routes
    done <<<"$5"
    cat >/etc/slipway/pod-masquerade.nft <<NFT
table ip slipway-pods {
  chain postrouting {
    type nat hook postrouting priority 95; policy accept;
    ip saddr $own ip daddr != $4 masquerade
  }
}
NFT
    systemctl daemon-reload
    systemctl enable --now slipway-pod-network
    cat >/etc/cni/net.d/10-slipway-bridge.conflist <<CNI
{ "cniVersion": "1.0.0", "name": "slipway-bridge", "plugins": [
  { "type": "bridge", "bridge": "cni0", "isGateway": true, "hairpinMode": true, "ipMasq": false,
    "ipam": { "type": "host-local", "dataDir": "/run/slipway/pod-addresses",
              "ranges": [[{ "subnet": "$own" }]], "routes": [{ "dst": "0.0.0.0/0" }] } },
  { "type": "portmap", "capabilities": { "portMappings": true }, "snat": true } ] }
CNI
EOF
}

set_up_network() {
  local template='{{range .items}}{{.metadata.name}} {{(index .status.addresses 0).address}} {{.spec.podCIDR}}{{"\n"}}{{end}}'
  until kubectl get nodes -o "go-template=$template" >"$work/ranges" &&
    [[ $(grep -c / "$work/ranges") == $(wc -w <<<"$nodes") ]]; do sleep 1; done
  for_all lead_to_pods $nodes
}

# --- a pod that answers through a Service, asked from every node

ask_pod() { # machine
  ssh_to "$1" "for i in \$(seq 60); do curl -sf --max-time 2 http://$service:8080/health && exit 0; sleep 1; done; exit 1"
}

pod_answers() {
  kubectl apply --validate=false -f - >/dev/null <<EOF
apiVersion: v1
kind: Pod
metadata: { name: by-hand, labels: { app: by-hand } }
spec:
  containers:
    - name: dns
      image: $DNS_IMAGE
      args: ["-conf", "/etc/by-hand/Corefile"]
      volumeMounts: [{ name: configuration, mountPath: /etc/by-hand }]
  volumes: [{ name: configuration, configMap: { name: by-hand } }]
---
apiVersion: v1
kind: Service
metadata: { name: by-hand }
spec: { selector: { app: by-hand }, ports: [{ port: 8080 }] }
---
apiVersion: v1
kind: ConfigMap
metadata: { name: by-hand }
data: { Corefile: ".:5300 {\n  health :8080\n}\n" }
EOF
  service=$(kubectl get service by-hand -o 'jsonpath={.spec.clusterIP}')
  for_all ask_pod $nodes
  kubectl delete pod,service,configmap by-hand --now >/dev/null
}

# --- all of it

for_all prepare_load_balancer $LOAD_BALANCERS &
load_balancers=$!
for_all prepare_node $WORKERS &
workers=$!
if [[ $TOPOLOGY == external ]]; then make_etcd_certificates; fi
for_all prepare_node $CONTROL_PLANES
wait $load_balancers
stage "control planes and load balancers prepared"

if [[ $TOPOLOGY == external ]]; then
  for_all start_etcd $CONTROL_PLANES
  until etcd_healthy >/dev/null 2>&1; do sleep 1; done
  stage "etcd healthy"
fi

until ssh_to "$first" "timeout 1 bash -c '</dev/tcp/$VIRTUAL_IP/6443'" 2>/dev/null; do sleep 1; done
initialise >"$work/init.log" 2>&1 || { tail -n 30 "$work/init.log" >&2; exit 1; }
make_discovery
apply_manifests
stage "first control plane initialised"

wait $workers
stage "workers prepared"
join_control_planes &
control_planes=$!
for_all join_node $WORKERS
wait $control_planes
stage "all nodes joined"

approve_serving_certificates &
certificates=$!
kubectl label node $WORKERS node-role.kubernetes.io/worker= slipway.dev/pool=default >/dev/null
set_up_network
wait $certificates
stage "pod network set up"

kubectl wait --for=condition=Ready node --all --timeout=5m >/dev/null
for workload in daemonset/kube-proxy daemonset/node-local-dns deployment/coredns deployment/metrics-server; do
  kubectl -n kube-system rollout status --timeout=5m "$workload" >/dev/null
done
kubectl wait --for=condition=Available --timeout=5m apiservice/v1beta1.metrics.k8s.io >/dev/null
stage "nodes Ready, workloads available"
pod_answers
stage "a pod answers through a Service on every node"
