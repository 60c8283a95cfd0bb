#!/bin/sh
# usage: build.sh PAGES SITE — turns each page of a tiny markup into HTML
set -eu
pages=$1
site=$2
title=${SITE_TITLE:-Site}
mkdir -p "$site"
for page in "$pages"/*.txt; do
  name=$(basename "$page" .txt)
  {
    printf '<!doctype html>\n<html lang="en">\n<head><meta charset="utf-8"><title>%s</title></head>\n<body>\n' "$title"
    sed -e 's/&/\&amp;/g' -e 's/</\&lt;/g' \
      -e 's/^# \(.*\)$/<h1>\1<\/h1>/' \
      -e 's/\[\([^]]*\)\](\([^)]*\))/<a href="\2.html">\1<\/a>/g' \
      -e '/^<h1>/!{/./s/.*/<p>&<\/p>/;}' "$page"
    printf '</body>\n</html>\n'
  } > "$site/$name.html"
  echo "built $site/$name.html"
done
