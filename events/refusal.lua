-- Add a refusal to the stream of refusals under the next number, and return the id of its entry.
local function add_refusal(stream, fields)
  local number = 1
  if redis.call('EXISTS', stream) == 1 then
    local info = redis.call('XINFO', 'STREAM', stream)
    for i = 1, #info, 2 do
      if info[i] == 'entries-added' then number = info[i + 1] + 1 end
    end
  end
  return redis.call('XADD', stream, '*', 'n', string.format('%.0f', number), unpack(fields))
end
