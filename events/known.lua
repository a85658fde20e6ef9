-- Look submissions up: one argument each way costs the client a fraction of HMGET's hundreds.
--
-- KEYS[1] seen     hash  source and id -> <position>:<digest>
-- ARGV[1] MessagePack: seen fields
--
-- Returns {index, value, …} of those that are known.
local reply = {}
for i, field in ipairs(cmsgpack.unpack(ARGV[1])) do
  local value = redis.call('HGET', KEYS[1], field)
  if value then
    reply[#reply + 1] = i
    reply[#reply + 1] = value
  end
end
return reply
