# Shared by ./run, ./test and ./bench. Source it from the root of the checkout.
# Sets $jobs; offers say, warn, die, ensure_packages, configure, build, need_node, need_npm, web_build and free_port_base.

started=$SECONDS

elapsed() { printf '%4ds' $((SECONDS - started)); }
say() { printf '[%s] %s\n' "$(elapsed)" "$*"; }
warn() { printf '[%s] note: %s\n' "$(elapsed)" "$*" >&2; }
die() {
  printf '[%s] error: %s\n' "$(elapsed)" "$*" >&2
  exit 1
}

# A compiler takes up to 1.5 GB: more jobs than memory holds would swap.
job_count() {
  local cores memory_kib by_memory
  cores=$(nproc)
  memory_kib=$(awk '/^MemAvailable/ {print $2}' /proc/meminfo)
  by_memory=$((memory_kib / 1572864))
  ((by_memory >= 1)) || by_memory=1
  echo $((cores < by_memory ? cores : by_memory))
}
jobs=${WUSONG_JOBS:-$(job_count)}

as_root() {
  if [[ $(id -u) == 0 ]]; then
    "$@"
  elif command -v sudo >/dev/null; then
    sudo "$@"
  else
    die "\`$*\` needs root, and there is no sudo: run it as root, then try again"
  fi
}

# missing_packages GROUP…: fills the array $missing with name=version arguments for apt-get.
missing_packages() {
  local groups=" $* " group name version purpose have command
  declare -A installed=()
  missing=()
  command -v dpkg-query >/dev/null || die "this is not Debian: install what tools/packages.txt lists, then use ./run --no-install"
  while read -r name have; do installed[$name]=$have; done < <(
    awk '$1 !~ /^#/ && NF {print $2}' tools/packages.txt | sort -u |
      xargs dpkg-query -W -f '${db:Status-Status} ${Package} ${Version}\n' 2>/dev/null |
      awk '$1 == "installed" {print $2, $3}')
  while read -r group name version purpose; do
    [[ -z $group || $group == \#* || $groups != *" $group "* ]] && continue
    have=${installed[$name]:-}
    if [[ -n $have ]]; then
      [[ $version == '*' || $have == "$version"* ]] ||
        warn "$name is $have; this was built and tested with $version"
      continue
    fi
    if [[ $purpose == command\ * ]]; then
      command=${purpose#command }
      command -v "${command%%:*}" >/dev/null && continue
    fi
    if [[ $version == '*' ]]; then missing+=("$name"); else missing+=("$name=$version*"); fi
  done <tools/packages.txt
}

# ensure_packages GROUP…: installs what is missing. Needs no network when nothing is.
ensure_packages() {
  missing_packages "$@"
  ((${#missing[@]})) || return 0
  say "Installing ${#missing[@]} Debian packages: ${missing[*]%%=*}"
  local apt=(env DEBIAN_FRONTEND=noninteractive apt-get -qq -o Dpkg::Use-Pty=0 -o DPkg::Lock::Timeout=300)
  as_root "${apt[@]}" update || die "apt-get update failed: is there a network? See the lines above"
  as_root "${apt[@]}" install -y --no-install-recommends "${missing[@]}" >"${install_log:=$(mktemp)}" 2>&1 || {
    tail -n 20 "$install_log" >&2
    die "apt-get install failed (all of its output: $install_log)"
  }
}

# configure PRESET FOLDER: only when there is no build description yet or its inputs changed;
# ninja itself repeats it when a CMake file changes.
configure() {
  local stamp="$2/.configured" want
  want=$(cat CMakePresets.json <(clang++-19 --version 2>/dev/null || true) | sha256sum)
  [[ -f $2/build.ninja && -f $stamp && $(<"$stamp") == "$want" ]] && return 0
  say "Configuring $2 (preset $1)"
  mkdir -p "$2"
  cmake --preset "$1" >"$2/configure.log" 2>&1 || {
    tail -n 30 "$2/configure.log" >&2
    die "cmake failed (all of its output: $2/configure.log)"
  }
  echo "$want" >"$stamp"
}

# Passes on where ninja is, every fifteen seconds.
now_and_then() {
  local line next_at=0
  while IFS= read -r line; do
    if [[ $line =~ ^\[([0-9]+)\.[0-9]+s\ [0-9]+/[0-9]+\] ]] && ((BASH_REMATCH[1] >= next_at)); then
      echo "  ${BASH_REMATCH[0]}"
      next_at=$((BASH_REMATCH[1] + 15))
    fi
  done
}

# build FOLDER TARGET…: shows a line every few per cent where there is no terminal.
build() {
  local folder=$1 log=$1/build.log
  shift
  say "Building $folder: $* (-j$jobs)"
  if [[ -t 1 ]]; then
    NINJA_STATUS='[%es %f/%t] ' ninja -C "$folder" -j "$jobs" "$@" || die "the build failed: see the lines above"
    return
  fi
  NINJA_STATUS='[%es %f/%t] ' ninja -C "$folder" -j "$jobs" "$@" 2>&1 | tee "$log" | now_and_then ||
    {
      grep -vE '^\[[0-9.]+s [0-9]+/[0-9]+\] (Building|Linking|Generating)' "$log" | tail -n 60 >&2
      die "the build failed (all of its output: $log)"
    }
}

# need_node: a node on the path that npm's packages here accept; Debian 12's own is too old for some,
# and npm leaves out optional packages, such as native programs, that want a newer one.
need_node() {
  local node_package=22.23.3 folder=build/node
  node -e 'const [a, b] = process.versions.node.split(".").map(Number); process.exit(a > 20 || (a == 20 && b >= 19) ? 0 : 1)' &&
    return
  if [[ ! -x $folder/node_modules/node/bin/node ]]; then
    say "Installing Node $node_package from npm: $(node --version) is too old"
    mkdir -p "$folder"
    (cd "$folder" && npm install --no-save --no-audit --no-fund --no-package-lock --loglevel=error \
      --prefix . "node@$node_package" >/dev/null) || return 1
  fi
  export PATH="$PWD/$folder/node_modules/node/bin:$PATH"
}

# need_npm FOLDER: installs what its package-lock.json pins, unless that is there already.
need_npm() { # FOLDER
  need_node || return 1
  local stamp=$1/node_modules/.lock_digest want
  want=$(sha256sum <"$1/package-lock.json")
  [[ -f $stamp && $(<"$stamp") == "$want" ]] && return
  say "Installing npm packages for $1"
  # Not `npm ci`: it wants the packages of every platform in the lock, and mirrors need not have them.
  # npm is run by the node found above, not by the one in its first line.
  (cd "$1" && node "$(readlink -f "$(command -v npm)")" install --no-save --no-audit --no-fund --loglevel=error) || return 1
  echo "$want" >"$stamp"
}

# web_build: the web application in build/web, unless it is there as its sources are now.
web_build() {
  local stamp=build/web.digest want
  need_npm web || return 1
  want=$(find web/src web/public web/index.html web/vite.config.js web/package-lock.json -type f -print0 |
    sort -z | xargs -0 sha256sum | sha256sum)
  [[ -f $stamp && -d build/web && $(<"$stamp") == "$want" ]] && return
  say "Building the web application into build/web"
  (cd web && node node_modules/vite/bin/vite.js build --logLevel warn) || return 1
  echo "$want" >"$stamp"
}

# free_port_base COUNT: a port P so that P…P+COUNT and P+1000…P+1000+COUNT are free now.
free_port_base() {
  python3 - "$1" <<'PYTHON'
import random, socket, sys

count = int(sys.argv[1])

def is_free(port):
    with socket.socket() as s:
        try:
            s.bind(("127.0.0.1", port))
            return True
        except OSError:
            return False

for _ in range(200):
    base = random.randrange(20000, 30000, 10)
    if all(is_free(base + i) and is_free(base + 1000 + i) for i in range(count + 1)):
        print(base)
        sys.exit(0)
sys.exit("no free range of ports between 20000 and 31000")
PYTHON
}
