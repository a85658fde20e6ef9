#!/bin/bash
# Removes an incomplete transaction from the end of the append-only file, and starts Redis. The arguments are those of
# the image.
#
# A power cut can leave the beginning of a transaction there. Redis would remove the incomplete last command, keep the
# commands before it, and append to them; what it acknowledges after that can be lost at the next start
# (https://github.com/valkey-io/valkey/pull/4342; Valkey 9.1.2 and later remove the whole transaction). So redis.conf
# forbids Redis to remove anything, and this script does it. None of it was acknowledged; a copy is kept in a file.
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
