-- Append a batch to a ledger's log and update the writer's own state, all or nothing.
--
-- KEYS[1]   log      stream  <position>-0 -> e: stored event
-- KEYS[2]   seen     hash    source and id -> <position>:<digest of the submitted bytes>
-- KEYS[3]   cursors  hash    inbox key -> id of the last entry that was decided, space, entries gone from the inbox by then
-- KEYS[4..] inboxes and the streams that notes go to (receipts, refusals)
-- ARGV[1]   MessagePack: {tail, events, cursors, notes, last, only new, clock}
--   tail     the position the writer believes to be the last
--   last     SHA-1 of the bytes of the event there, or "": after a failover it may be another one
--   events   [seen field, digest, bytes] each
--   cursors  [index in KEYS, expected id, new id, entries decided, gap] each; several of one inbox follow each other
--   gap      [index in KEYS, [field, value, …]] each: added where entries were removed unread (see gap.lua)
--   notes    [index in KEYS, cap or 0, [[field, value, …] each]] for each stream
--   only new whether to write nothing if the source and id of an event is known
--   clock    {index in KEYS, kind}: the kind of the ledger's clock, kept with its first event; false after that
--
-- Returns {"ok", index, position, …} of the events whose source and id was known, and where; the others follow the tail
-- in their order. Or, with nothing written, {"stale", tail}, {"moved", inbox key} or {"known", index, position, …}.
--@include gap.lua
local log, seen, cursors = KEYS[1], KEYS[2], KEYS[3]
local batch = cmsgpack.unpack(ARGV[1])
local expected, events, moves, notes = batch[1], batch[2], batch[3], batch[4]

local tail, last = 0, ''
if redis.call('EXISTS', log) == 1 then
  local info = redis.call('XINFO', 'STREAM', log)
  for i = 1, #info, 2 do
    if info[i] == 'last-generated-id' then tail = tonumber(string.match(info[i + 1], '^(%d+)')) end
    if info[i] == 'last-entry' and info[i + 1] and batch[5] ~= '' then last = redis.sha1hex(info[i + 1][2][2]) end
  end
end
if tail ~= expected or last ~= batch[5] then return {'stale', tail} end
local reached = {}
for _, move in ipairs(moves) do
  local inbox = reached[move[1]]
  if not inbox then
    local at, gone = string.match(redis.call('HGET', cursors, KEYS[move[1]]) or '0-0 0', '^(%S+) ?(%d*)$')
    inbox = {at = at, after = at, gone = tonumber(gone), decided = 0, gap = move[5]}
    reached[move[1]] = inbox
  end
  if inbox.at ~= move[2] then return {'moved', KEYS[move[1]]} end
  inbox.at, inbox.decided = move[3], inbox.decided + move[4]
end

local reply, new = {'ok'}, {}
for i, event in ipairs(events) do
  if redis.call('HSETNX', seen, event[1], (tail + #new + 1) .. ':' .. event[2]) == 1 then
    new[#new + 1] = event
  else
    reply[#reply + 1] = i
    reply[#reply + 1] = tonumber(string.match(redis.call('HGET', seen, event[1]), '^(%d+)'))
  end
end
if batch[6] and #reply > 1 then
  for _, event in ipairs(new) do redis.call('HDEL', seen, event[1]) end
  reply[1] = 'known'
  return reply
end
if batch[7] and #new > 0 then redis.call('SET', KEYS[batch[7][1]], batch[7][2]) end
for i, event in ipairs(new) do redis.call('XADD', log, (tail + i) .. '-0', 'e', event[3]) end
for _, stream in ipairs(notes) do
  local key, cap = KEYS[stream[1]], stream[2]
  for _, fields in ipairs(stream[3]) do redis.call('XADD', key, '*', unpack(fields)) end
  if cap > 0 then redis.call('XTRIM', key, 'MAXLEN', '~', cap) end
end
for index, inbox in pairs(reached) do
  local name, cursor = KEYS[index], inbox.at
  if redis.call('EXISTS', name) == 1 then
    redis.call('XTRIM', name, 'MINID', inbox.at)
    local added, left, first = 0, 0, false
    local info = redis.call('XINFO', 'STREAM', name)
    for i = 1, #info, 2 do
      if info[i] == 'entries-added' then added = info[i + 1] end
      if info[i] == 'length' then left = info[i + 1] end
      if info[i] == 'first-entry' and info[i + 1] then first = info[i + 1][1] end
    end
    if first == inbox.at then left = left - 1 end
    local gone = added - left
    cursor = cursor .. ' ' .. string.format('%.0f', gone)
    if inbox.gone and gone - inbox.gone ~= inbox.decided then
      report_gap(inbox.gap, gone - inbox.gone - inbox.decided, inbox.after, inbox.at)
    end
  end
  redis.call('HSET', cursors, name, cursor)
end
return reply
