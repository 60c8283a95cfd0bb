import { KIT } from "../kit/kit-layout.ts";

/**
 * Brings one commit into a workspace, by the kit's shell and git alone: what goes wrong is printed, and stands in the
 * container's termination message. Nothing of the source is part of the text: it comes by the environment.
 */
export const CLONE_SCRIPT = `set -eu
b=${KIT.busybox}
git() { ${KIT.git} "$@"; }
$b mkdir -p "$SLIPWAY_WORKSPACE"
cd "$SLIPWAY_WORKSPACE"
# Of several pods that share it one clones. The lock's time is moved on as long as whoever has it lives.
if test -n "\${SLIPWAY_SHARED:-}"; then
  $b mkdir -p .git
  test -w .git || { echo "The shared workspace cannot be written to."; exit 1; }
  lock=.git/slipway-lock
  seen=
  unchanged=0
  until $b mkdir $lock 2>/dev/null; do
    time=$($b stat -c %Y $lock 2>/dev/null || echo gone)
    test "$time" = "$seen" || unchanged=0
    seen=$time
    test $unchanged -lt 20 || { $b rmdir $lock 2>/dev/null || true; unchanged=0; }
    $b sleep 1
    unchanged=$((unchanged + 1))
  done
  (while $b sleep 1; do $b touch -c "$SLIPWAY_WORKSPACE/$lock"; done) >/dev/null 2>&1 &
  beat=$!
  trap 'kill $beat; $b rmdir "$SLIPWAY_WORKSPACE/$lock"' EXIT
  if test -f .git/slipway-checkout; then
    echo "The workspace is shared, and the commit stands in it: it is left as other steps left it."
    exit 0
  fi
fi
# The folder is the pod's: who owns it is no sign of anything.
export HOME="$SLIPWAY_HOME"
$b mkdir -p "$HOME"
git config --global --add safe.directory '*'
git init -q .
git remote remove origin 2>/dev/null || true
git remote add origin "$SLIPWAY_URL"
tries=1
until git fetch -q --no-tags --depth=1 origin "$SLIPWAY_COMMIT"; do
  test $tries -lt 4 || { echo "The commit $SLIPWAY_COMMIT could not be fetched from $SLIPWAY_URL."; exit 1; }
  echo "Trying again."
  $b sleep $tries
  tries=$((tries + 1))
done
git -c advice.detachedHead=false checkout -q --force --detach FETCH_HEAD
# Steps may be another user than this container.
$b chmod -R a+rwX . 2>/dev/null || true
test -z "\${SLIPWAY_SHARED:-}" || echo "$SLIPWAY_COMMIT" > .git/slipway-checkout
`;
