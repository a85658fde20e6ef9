#!lua flags=allow-oom
-- Take entries that are in the archive from a ledger's record. Allowed when the memory is full, which it frees.
--
-- KEYS[1] record   stream  <number>-0 -> e: an entry; the last id that it ever had stays, from which record.lua numbers on
-- KEYS[2] trimmed  string  the last number that may have left the stream (record.py)
-- ARGV[1] the last number that leaves it now
--
-- Both in one step, and never back: whoever trims at the same time has compared the same entries.
local record, trimmed, last = KEYS[1], KEYS[2], tonumber(ARGV[1])

if last > tonumber(redis.call('GET', trimmed) or 0) then redis.call('SET', trimmed, ARGV[1]) end
redis.call('XTRIM', record, 'MINID', (last + 1) .. '-0')
return 1
