#!/usr/bin/env bash
# Runs every fuzz target of the tree for FUZZTIME each: `go test` fuzzes one at a
# time, so they are found, not listed. Ends with 1 when one found something.
set -euo pipefail
cd "$(dirname "$0")/.."
GO=${GO:-go}
time=${FUZZTIME:-10s}
output=$(mktemp)
trap 'rm -f "$output"' EXIT
failed=0
while read -r file target; do
  dir=$(dirname "$file")
  echo "fuzz $dir $target"
  if "$GO" test -run '^$' -fuzz "^$target\$" -fuzztime "$time" "$dir" </dev/null 2>&1 | tee "$output" |
    grep --line-buffered -vE '^(PASS|fuzz: elapsed.*gathering)'; then
    continue
  fi
  # On a busy machine the fuzzer's own end can come in the middle of an input and
  # is then told as a failure; one that was found comes with the input's file.
  if grep -q 'context deadline exceeded' "$output" && ! grep -qE 'Failing input written|panic|fuzzing process hung' "$output"; then
    echo "(the time was up in the middle of an input; nothing was found)"
    continue
  fi
  failed=1
done < <(grep -rHoE --exclude-dir=build --include='*_test.go' '^func Fuzz[A-Za-z0-9_]+' . | sed 's/:func / /' | sort)

# Random statements against masks, this generator's and sqlsmith's.
case $time in *x) time=10s ;; esac
echo "fuzz test/leaks"
WEIR_LEAKS_TIME=$time "$GO" test -count=1 -v -run 'TestRandomStatements|TestSqlsmith' ./test/leaks </dev/null 2>&1 |
  grep -vE '^( +[a-z_]+: [0-9]+/[0-9]+| +[e.SCT]{20,}|=== )' || failed=1
exit $failed
