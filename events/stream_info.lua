-- Return what XINFO STREAM reports of a stream, by name; nil if there is no such stream.
local function stream_info(stream)
  if redis.call('EXISTS', stream) == 0 then return nil end
  local info, found = redis.call('XINFO', 'STREAM', stream), {}
  for i = 1, #info, 2 do found[info[i]] = info[i + 1] end
  return found
end
