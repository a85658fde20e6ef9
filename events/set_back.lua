-- Reset the cursor of an inbox whose newest entry has a lower id than the last decided one: the stream was deleted and
-- recreated.
--
-- KEYS[1]   cursors  hash    as in append.lua
-- KEYS[2]   inbox    stream
-- KEYS[3..] the streams of the refusal and the receipt
-- ARGV[1]   MessagePack: {expected id, gap}, as in append.lua
--
-- Returns 1 if it was reset, 0 if nothing was to be done.
--@include gap.lua
local cursors, inbox = KEYS[1], KEYS[2]
local expected, gap = unpack(cmsgpack.unpack(ARGV[1]))

local function sortable(id)
  local time, sequence = string.match(id, '^(%d+)-(%d+)$')
  return string.rep('0', 20 - #time) .. time .. string.rep('0', 20 - #sequence) .. sequence
end

local at = string.match(redis.call('HGET', cursors, inbox) or '0-0', '^(%S+)')
local info = stream_info(inbox)
if at ~= expected or not info or sortable(info['last-generated-id']) >= sortable(at) then return 0 end
redis.call('HSET', cursors, inbox, '0-0 0')
report_gap(gap, -1, at, '0-0')
return 1
