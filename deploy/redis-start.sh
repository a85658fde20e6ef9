#!/bin/bash
# Starts Redis, once its append-only file ends with a whole write. The arguments are those of the image.
#
# A power cut can leave the beginning of a transaction at the file's end. Redis would cut off its last command, which is
# half, keep those before it, and append to them; what it acknowledged from then on could be lost at the next start
# (https://github.com/valkey-io/valkey/pull/4342; Valkey is right from 9.1.2 on). So redis.conf forbids it to cut off
# anything, and the whole beginning is cut off here. None of that was ever acknowledged; it is kept in a file all the same.
set -euo pipefail

# redis-check-aof is redis-server under another name.
check() { (exec -a redis-check-aof redis-server "$1") || true; }

cut_unfinished() {
  local last=$1 size whole cut
  size=$(stat -c %s "$last")
  whole=$(check "$last" | sed -n 's/.* ok_up_to=\([0-9]*\),.*/\1/p')
  [ "${whole:-$size}" -lt "$size" ] || return 0
  if tail -c "+$((whole + 1))" "$last" | grep -a $'^EXEC\r$' >/dev/null; then
    echo "$last is damaged at byte $whole, and more than one unfinished write follows: nothing was changed." \
      "Restore it from a backup, or look at it with redis-check-aof." >&2
    return 1
  fi
  cut="$last.cut-$(date -u +%Y%m%dT%H%M%SZ)"
  tail -c "+$((whole + 1))" "$last" >"$cut"
  sync "$cut"
  truncate -s "$whole" "$last"
  sync "$last"
  echo "$last: $((size - whole)) bytes of an unfinished write were moved to $cut" >&2
}

parts=/data/appendonlydir
if [ -e $parts/appendonly.aof.manifest ]; then
  last=$(awk '/ type i/ { name = $2 } END { print name }' $parts/appendonly.aof.manifest)
  [ -z "$last" ] || cut_unfinished "$parts/$last"
fi
exec docker-entrypoint.sh "$@"
