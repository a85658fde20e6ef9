-- Add a refusal to the stream of refusals under the next number, and return the id of its entry.
--@include stream_info.lua
local function add_refusal(stream, fields)
  local info = stream_info(stream)
  local number = (info and info['entries-added'] or 0) + 1
  return redis.call('XADD', stream, '*', 'n', string.format('%.0f', number), unpack(fields))
end
