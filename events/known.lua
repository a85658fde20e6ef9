-- Look up submissions: one argument each way costs the client a fraction of HMGET's hundreds.
--
-- KEYS[1] seen     hash  source and id -> <position>:<digest>
-- ARGV[1] MessagePack: seen fields
--
-- Returns {index, value, …} of those that the log has.
local fields, reply = cmsgpack.unpack(ARGV[1]), {}
for start = 1, #fields, 1000 do -- Lua's stack has room for some thousands
  local values = redis.call('HMGET', KEYS[1], unpack(fields, start, math.min(start + 999, #fields)))
  for i, value in ipairs(values) do
    if value then
      reply[#reply + 1] = start + i - 1
      reply[#reply + 1] = value
    end
  end
end
return reply
