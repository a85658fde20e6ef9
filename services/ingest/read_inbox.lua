-- Read the entries that follow one of an inbox, within a bound of bytes.
--
-- KEYS[1]  inbox   stream
-- ARGV     after an id, up to an id, entries at most, bytes at most
--
-- Returns entries, each [id, [field, value, …]], a repeated field included; an entry beyond the bound is returned alone.
-- An inbox within the bound is read at once, a larger one entry by entry.
local inbox, after, until_, most, budget = KEYS[1], '(' .. ARGV[1], ARGV[2], tonumber(ARGV[3]), tonumber(ARGV[4])
local whole = redis.call('MEMORY', 'USAGE', inbox, 'SAMPLES', 0)
if not whole or whole <= budget then return redis.call('XRANGE', inbox, after, until_, 'COUNT', most) end

local found, size = {}, 0
while #found < most do
  local entry = redis.call('XRANGE', inbox, after, until_, 'COUNT', 1)[1]
  if not entry then break end
  local id, fields = unpack(entry)
  for _, part in ipairs(fields) do size = size + #part end
  if size > budget and #found > 0 then break end
  found[#found + 1] = entry
  after = '(' .. id
end
return found
