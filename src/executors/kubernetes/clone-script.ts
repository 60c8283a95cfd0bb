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
`;
