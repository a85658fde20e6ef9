--@include stream_info.lua
-- Append an entry to the ledger's record (services/notify/record.py) and return its number, which follows the last one.
local function append_record(record, bytes)
  local info = stream_info(record)
  local number = (info and tonumber(string.match(info['last-generated-id'], '^%d+')) or 0) + 1
  redis.call('XADD', record, number .. '-0', 'e', bytes)
  return number
end

-- Record an alert, unless its id is known: `known` has the number of each alert's entry.
local function record_alert(record, known, id, bytes)
  if not redis.call('HGET', known, id) then
    redis.call('HSET', known, id, append_record(record, bytes))
  end
end
