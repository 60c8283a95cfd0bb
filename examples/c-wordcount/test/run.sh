#!/bin/sh
# usage: run.sh PROGRAM — each case: input, expected "lines words bytes"
set -u
program=$1
failed=0
check() {
  got=$(printf "$1" | "$program" | cut -d' ' -f1-3)
  if [ "$got" = "$2" ]; then
    echo "ok   $2"
  else
    echo "FAIL expected '$2', got '$got'"
    failed=1
  fi
}
check '' '0 0 0'
check 'one' '0 1 3'
check 'one two\nthree\n' '2 3 14'
check '  \n\t\n' '2 0 5'
check 'a\000b c' '0 2 5'
if "$program" /nowhere 2>/dev/null; then
  echo "FAIL a missing file must be an error"
  failed=1
fi
exit $failed
