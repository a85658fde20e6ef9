-- Take events that are in the archive from a ledger's log, or their ids from its index of submissions.
--
-- KEYS[1] log    stream  <position>-0 -> e: stored event
-- KEYS[2] seen   hash    source and id -> <position>:<digest>
-- KEYS[3] index  string  the segments of ids in the archive (trimmed.py)
-- ARGV[1] MessagePack: {segments, new segments, ids, first}
--   segments      what `index` has
--   new segments  what it has from now on
--   ids           [seen field, position] each: taken from `seen` where it has them at that position
--   first         the first position that stays in the stream, 0 to leave it as it is
--
-- Returns 1, or 0 with nothing written if `index` has other segments.
local log, seen, index = KEYS[1], KEYS[2], KEYS[3]
local segments, new_segments, ids, first = unpack(cmsgpack.unpack(ARGV[1]))

if (redis.call('GET', index) or '') ~= segments then return 0 end
if segments ~= new_segments then redis.call('SET', index, new_segments) end
for _, id in ipairs(ids) do
  local field, position = unpack(id)
  local found = redis.call('HGET', seen, field)
  if found and tonumber(string.match(found, '^%d+')) == position then redis.call('HDEL', seen, field) end
end
if first > 0 then redis.call('XTRIM', log, 'MINID', first .. '-0') end
return 1
