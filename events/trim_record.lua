#!lua flags=allow-oom
-- Take entries that are in the archive from a ledger's record. Allowed when the memory is full, which it frees.
--
-- KEYS[1] record   stream  <number>-0 -> e: an entry; the last id that it ever had stays, from which record.lua numbers on
-- KEYS[2] trimmed  string  the last number that may have left the stream, and an era (record.py)
-- ARGV[1] the last number that leaves it now, 0 to name the era alone
-- ARGV[2] the era whose archive has them, and all that has left it before
--
-- Both in one step, and never back: whoever trims at the same time has compared the same entries.
local record, trimmed, last, era = KEYS[1], KEYS[2], tonumber(ARGV[1]), tonumber(ARGV[2])

local known, known_era = string.match(redis.call('GET', trimmed) or '0 1', '^(%d+) (%d+)$')
known, known_era = tonumber(known), tonumber(known_era)
if last > known or era > known_era then
  redis.call('SET', trimmed, string.format('%d %d', math.max(last, known), math.max(era, known_era)))
end
redis.call('XTRIM', record, 'MINID', string.format('%d-0', last + 1))
return 1
