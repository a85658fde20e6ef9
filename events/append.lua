-- Append a batch to a ledger's log and update the writer's own state, all or nothing.
--
-- KEYS[1]   log      stream  <position>-0 -> e: stored event
-- KEYS[2]   seen     hash    source and id -> <position>:<digest of the submitted bytes>
-- KEYS[3]   cursors  hash    inbox key -> id of the last entry that was decided, space, entries gone from the inbox by then
-- KEYS[4..] inboxes, the streams that notes go to (receipts), and what the clock and refusals need
-- ARGV[1]   MessagePack: {tail, events, cursors, notes, last, only new, clock, refusals}
--   tail     the position the writer believes to be the last
--   last     SHA-1 of the bytes of the event there, or "": after a failover it may be another one
--   events   [seen field, digest, bytes] each
--   cursors  [index in KEYS, expected id, new id, entries decided, gap] each; several of one inbox follow each other
--   gap      {refusal, receipt}, added where entries were removed unread (see gap.lua); empty where they need not be
--   notes    [index in KEYS, cap or 0, [[field, value, …] each]] for each stream
--   only new whether to write nothing if the source and id of an event is known
--   clock    {index in KEYS, kind}: the kind of the ledger's clock, kept with its first event; false after that
--   refusals {stream, sizes, most, [[[field, value, …], bodies, source, bytes] each]}, or false. The stream gets an
--            entry for each, numbered by a field n: 1, 2, 3 … over its life. `bodies`, the stream of a source, gets the
--            bytes under the same id (0: they are not kept), and loses its oldest beyond `most` bytes, of which the
--            hash `sizes` has the sum by source; each counts for 128 more, which an entry takes, so that few are
--            dropped at once. Each of the three is an index in KEYS
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
if batch[8] then
  local stream, sizes, most = KEYS[batch[8][1]], KEYS[batch[8][2]], batch[8][3]
  for _, one in ipairs(batch[8][4]) do
    local id = add_refusal(stream, one[1])
    local bodies, source, bytes = KEYS[one[2]], one[3], one[4]
    -- a stream that somebody has set ahead refuses the id: then the bytes are not kept, and all else is
    if bodies and not redis.pcall('XADD', bodies, id, 'raw', bytes).err then
      local total = redis.call('HINCRBY', sizes, source, #bytes + 128)
      while total > most do
        local oldest = redis.call('XRANGE', bodies, '-', '+', 'COUNT', 1)[1]
        if not oldest then break end
        redis.call('XTRIM', bodies, 'MAXLEN', redis.call('XLEN', bodies) - 1)
        total = redis.call('HINCRBY', sizes, source, -#oldest[2][2] - 128)
      end
    end
  end
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
    if inbox.gone and inbox.gap[1] and gone - inbox.gone ~= inbox.decided then
      report_gap(inbox.gap, gone - inbox.gone - inbox.decided, inbox.after, inbox.at)
    end
  end
  redis.call('HSET', cursors, name, cursor)
end
return reply
