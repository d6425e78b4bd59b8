# A network and a portal for one test, gone when it ends. Source it after tools/lib.sh, from the root of the checkout.
# Sets $work (a folder) and $base (the portal's address); offers portal_new, portal_start and portal_stop.

server=
portal_finish() {
  [[ -z $server ]] || kill "$server" 2>/dev/null || true
  [[ ! -f $work/net/genesis.json ]] || build/bin/wusong network stop --folder "$work/net" >/dev/null 2>&1 || true
  rm -rf -- "$work"
}

# portal_new [PROFILE [VALIDATORS]]: a network, of one validator else, and a portal with contracts and rules but nothing else.
portal_new() {
  need_npm contracts && node contracts/build.mjs || die "the contracts do not compile: see the lines above"
  work=$(mktemp -d /tmp/wusong-portal-XXXXXX)
  trap portal_finish EXIT
  trap 'exit 130' INT TERM
  local port
  local profile=${1:-standard} validators=${2:-1}
  port=$(free_port_base $((validators + 1)))
  base=http://127.0.0.1:$((port + validators))
  { build/bin/wusong network create --folder "$work/net" --profile "$profile" --validators "$validators" --port-base "$port" --block-interval-ms 20 &&
    build/bin/wusong network start --folder "$work/net" --detach; } >"$work/network.log" 2>&1 || {
    cat "$work/network.log"
    die "no network to test against"
  }
  mkdir -p build/web
  cat >"$work/portal.toml" <<TOML
folder = "portal"
listen = "${base#http://}"
node = "http://127.0.0.1:$port"
genesis = "$work/net/genesis.json"
web = "$PWD/build/web"
rules = "$PWD/contracts/rules"
contracts = "$PWD/build/contracts"
quick_passwords = true
TOML
  build/bin/wusong-portal init --config "$work/portal.toml" >"$work/init.log" 2>&1 || {
    cat "$work/init.log"
    die "the portal could not be set up"
  }
}

portal_start() {
  build/bin/wusong-portal run --config "$work/portal.toml" >"$work/portal.log" 2>&1 &
  server=$!
  for _ in $(seq 100); do
    curl -sf "$base/api/v1/stats" >/dev/null && return
    kill -0 "$server" 2>/dev/null || { cat "$work/portal.log"; die "the portal ended"; }
    sleep 0.1
  done
  cat "$work/portal.log"
  die "the portal does not answer"
}

portal_stop() {
  kill "$server" && wait "$server" || true
  server=
}
