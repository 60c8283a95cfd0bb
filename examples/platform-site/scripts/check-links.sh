#!/bin/sh
# usage: check-links.sh PAGES — every link of a page must name a page that exists
set -eu
pages=$1
failed=0
for page in "$pages"/*.txt; do
  for target in $(sed -n 's/.*\[[^]]*\](\([^)]*\)).*/\1/p' "$page"); do
    if [ ! -f "$pages/$target.txt" ]; then
      echo "::error file=$page::link to a missing page: $target"
      failed=1
    fi
  done
done
[ "$failed" -eq 0 ] && echo "all links lead somewhere"
exit "$failed"
