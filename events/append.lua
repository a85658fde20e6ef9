-- Append a batch to a ledger's log and update the writer's state, all or nothing.
--
-- KEYS[1]   log      stream  <position>-0 -> e: stored event
-- KEYS[2]   seen     hash    source and id -> <position>:<digest of the submitted bytes>
-- KEYS[3]   cursors  hash    inbox key -> id of the last decided entry, space, entries gone from the inbox by then
-- KEYS[4..] inboxes, streams of side entries (receipts), and the keys of the clock and the refusals
-- ARGV[1]   MessagePack: {expected tail, events, advances, side entries, expected hash, only new, clock, refusals,
--            rules, trimmed}
--   expected tail  the last position, as far as the writer knows
--   expected hash  SHA-1 of the bytes of the event there, which a failover may change; "": not compared
--   events   [seen field, digest, bytes] each
--   advances [index in KEYS, expected id, new id, entries decided, gap] each; several of one inbox follow each other
--   gap      {refusal, receipt}, added if entries were removed unread (see gap.lua); empty: not reported
--   side entries  [index in KEYS, cap or 0, [[field, value, …] each]] for each stream
--   only new whether to write nothing if the log has one of the events
--   clock    {index in KEYS, kind}: the kind of the ledger's clock, written with its first event; false after that
--   refusals {stream, sizes, most, [[[field, value, …], bodies, source, bytes] each]}, or false. The stream gets an
--            entry for each, numbered by a field n: 1, 2, 3 … over its life. `bodies`, the stream of a source, gets the
--            bytes under the same id (0: they are not kept), and loses its oldest beyond `most` bytes; the hash
--            `sizes` has the sum by source, with 128 bytes added for each entry's overhead, so that few entries are
--            dropped at once. Each of the three is an index in KEYS
--   rules    {stream, texts, last number, entry}, or false: the stream of rules must end with that number. entry
--            {bytes, sha256, text}, or false, is added to it, and the text to the hash `texts`; both are indices in
--            KEYS
--   trimmed  {index, segments}: the key `index` must have these segments of ids that have left `seen` (trimmed.py): the
--            writer has looked up the events in them. The key is an index in KEYS
--
-- Returns {"ok", index, position, …} of the events that the log already has; the others follow the tail in order. Or,
-- with nothing written, {"stale", tail}, {"moved", inbox key} or {"known", index, position, …}.
--@include gap.lua
local log, seen, cursors = KEYS[1], KEYS[2], KEYS[3]
local expected_tail, events, advances, side_entries, expected_hash, only_new, clock, refusals, rules, trimmed =
  unpack(cmsgpack.unpack(ARGV[1]))

local tail, tail_hash = 0, ''
local log_info = stream_info(log)
if log_info then
  tail = tonumber(string.match(log_info['last-generated-id'], '^(%d+)'))
  local last = log_info['last-entry']
  if last and expected_hash ~= '' then
    local fields = last[2]
    tail_hash = redis.sha1hex(fields[2])
  end
end
if tail ~= expected_tail or tail_hash ~= expected_hash then return {'stale', tail} end
if trimmed and (redis.call('GET', KEYS[trimmed[1]]) or '') ~= trimmed[2] then return {'stale', tail} end
if rules then
  local rules_info = stream_info(KEYS[rules[1]])
  local last = rules_info and tonumber(string.match(rules_info['last-generated-id'], '^%d+')) or 0
  if last ~= rules[3] then return {'stale', tail} end
end
local inboxes = {}
for _, advance in ipairs(advances) do
  local index, expected_id, new_id, decided, gap = unpack(advance)
  local inbox = inboxes[index]
  if not inbox then
    local at, gone = string.match(redis.call('HGET', cursors, KEYS[index]) or '0-0 0', '^(%S+) ?(%d*)$')
    inbox = {at = at, after = at, gone = tonumber(gone), decided = 0, gap = gap}
    inboxes[index] = inbox
  end
  if inbox.at ~= expected_id then return {'moved', KEYS[index]} end
  inbox.at, inbox.decided = new_id, inbox.decided + decided
end

local reply, new_fields, new_events = {'ok'}, {}, {}
for i, event in ipairs(events) do
  local field, digest, bytes = event[1], event[2], event[3]
  if redis.call('HSETNX', seen, field, (tail + #new_events + 1) .. ':' .. digest) == 1 then
    new_fields[#new_fields + 1] = field
    new_events[#new_events + 1] = bytes
  else
    reply[#reply + 1] = i
    reply[#reply + 1] = tonumber(string.match(redis.call('HGET', seen, field), '^(%d+)'))
  end
end
if only_new and #reply > 1 then
  for _, field in ipairs(new_fields) do redis.call('HDEL', seen, field) end
  reply[1] = 'known'
  return reply
end
if rules and rules[4] then
  local bytes, sha256, text = unpack(rules[4])
  redis.call('HSET', KEYS[rules[2]], sha256, text)
  redis.call('XADD', KEYS[rules[1]], (rules[3] + 1) .. '-0', 'e', bytes)
end
if clock and #new_events > 0 then
  local index, kind = unpack(clock)
  redis.call('SET', KEYS[index], kind)
end
for i, bytes in ipairs(new_events) do redis.call('XADD', log, (tail + i) .. '-0', 'e', bytes) end
for _, stream in ipairs(side_entries) do
  local index, cap, entries = unpack(stream)
  local key = KEYS[index]
  for _, fields in ipairs(entries) do redis.call('XADD', key, '*', unpack(fields)) end
  if cap > 0 then redis.call('XTRIM', key, 'MAXLEN', '~', cap) end
end
if refusals then
  local stream_index, sizes_index, most, refused = unpack(refusals)
  local stream, sizes = KEYS[stream_index], KEYS[sizes_index]
  for _, refusal in ipairs(refused) do
    local fields, bodies_index, source, bytes = unpack(refusal)
    local id, bodies = add_refusal(stream, fields), KEYS[bodies_index]
    -- a stream that somebody has set ahead rejects the id: then only the bytes are not kept
    if bodies and not redis.pcall('XADD', bodies, id, 'raw', bytes).err then
      local total = redis.call('HINCRBY', sizes, source, #bytes + 128)
      while total > most do
        local oldest = redis.call('XRANGE', bodies, '-', '+', 'COUNT', 1)[1]
        if not oldest then break end
        local oldest_fields = oldest[2]
        redis.call('XTRIM', bodies, 'MAXLEN', redis.call('XLEN', bodies) - 1)
        total = redis.call('HINCRBY', sizes, source, -#oldest_fields[2] - 128)
      end
    end
  end
end
for index, inbox in pairs(inboxes) do
  local name, cursor = KEYS[index], inbox.at
  if redis.call('EXISTS', name) == 1 then
    redis.call('XTRIM', name, 'MINID', inbox.at)
    local info = stream_info(name)
    local left, first = info['length'], info['first-entry']
    if first and first[1] == inbox.at then left = left - 1 end
    local gone = info['entries-added'] - left
    cursor = cursor .. ' ' .. string.format('%.0f', gone)
    if inbox.gone and inbox.gap[1] and gone - inbox.gone ~= inbox.decided then
      report_gap(inbox.gap, gone - inbox.gone - inbox.decided, inbox.after, inbox.at)
    end
  end
  redis.call('HSET', cursors, name, cursor)
end
return reply
