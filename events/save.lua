#!lua flags=allow-oom
-- Save a projection's rows together with the position they reflect, all or nothing.
-- Allowed when the memory is full: derived data is bounded by the log, and the log accepts nothing more then.
--
-- KEYS[1] checkpoint  hash    generation, position, version, hash of the event there, instant considered
-- KEYS[2] rows        hash    row key -> encoded row, of this generation
-- KEYS[3] feed        stream  what the projection announces, ids <position>-<n>; or, with KEYS[4], the ledger's record,
--                             ids <number>-0
-- KEYS[4] known       hash    name of an announcement -> number of its entry in the record
-- ARGV[1] MessagePack: {generation, expected, position, version, changed, announced, cap, histories, expected hash,
--         event hash, log, appended}
--   expected   the position of the rows that are saved, as far as the caller knows
--   changed    [row key, encoded row] each
--   announced  [id, bytes, name] each; "<position>-*" is the next id of that position, from 1 on. With KEYS[4], the id is
--              the record's next one, and what has a known name is not announced again
--   cap        entries the feed keeps, 0 for all
--   histories  [list key, position, …] each: positions to append to a list (the history of one task)
--   expected hash, event hash  SHA-1 of the events at `expected` and `position`, "" if that is not known
--   appended   [string key, bytes] each: what the events append to the projection's timeline
--   considered  microseconds since 1970 up to which the ledger's clock has been considered, "" if it never was; the later
--              of this and what is saved is kept, as two instances may look at the clock
--   log        the log's key: it is only read, and an ACL may ask for write permission on all KEYS of a script
--
-- Returns {"ok"}; or, with nothing written, {"stale", generation, position, hash, version} of the saved rows, also where
-- `position` lies before them; or {"rolled-back"} if the log has other events at the two positions, as it may after a
-- failover.
--@include record.lua
local MOST_ARGUMENTS = 4000 -- of one call: Lua's stack holds 8,000 values
local checkpoint, rows, feed, known = KEYS[1], KEYS[2], KEYS[3], KEYS[4]
local generation, expected, position, version, changed, announced, cap, histories, expected_hash, event_hash, log, appended,
  considered = unpack(cmsgpack.unpack(ARGV[1]))

for at, hash in pairs({[expected] = expected_hash, [position] = event_hash}) do
  if hash ~= '' then
    local found = redis.call('XRANGE', log, at .. '-0', at .. '-0')[1]
    if found and redis.sha1hex(found[2][2]) ~= hash then return {'rolled-back'} end
    if not found then
      local first = redis.call('XRANGE', log, '-', '+', 'COUNT', 1)[1]
      local is_trimmed = first and tonumber(string.match(first[1], '^%d+')) > at
      if not is_trimmed then return {'rolled-back'} end
    end
  end
end
local saved = redis.call('HMGET', checkpoint, 'generation', 'position', 'mark', 'version')
local saved_generation, saved_position = tonumber(saved[1] or 0), tonumber(saved[2] or 0)
local saved_hash, saved_version = saved[3] or '', saved[4] or ''
local other_rules = saved_version ~= '' and saved_version ~= version
if saved_generation ~= generation or saved_position ~= expected or position < expected or other_rules then
  return {'stale', saved_generation, saved_position, saved_hash, saved_version}
end

for _, row in ipairs(changed) do
  local name, encoded = unpack(row)
  redis.call('HSET', rows, name, encoded)
end
for _, entry in ipairs(announced) do
  local id, bytes, name = unpack(entry)
  local of = not known and string.match(id, '^(%d+)-%*$')
  if of and #redis.call('XRANGE', feed, of .. '-0', '+', 'COUNT', 1) == 0 then id = of .. '-1' end -- 0 is an event's
  if known then
    record_alert(feed, known, name, bytes)
  elseif cap > 0 then
    redis.call('XADD', feed, 'MAXLEN', '~', cap, id, 'e', bytes)
  else
    redis.call('XADD', feed, id, 'e', bytes)
  end
end
for _, history in ipairs(histories) do
  for i = 2, #history, MOST_ARGUMENTS do
    redis.call('RPUSH', history[1], unpack(history, i, math.min(i + MOST_ARGUMENTS - 1, #history)))
  end
end
for _, part in ipairs(appended) do
  local name, bytes = unpack(part)
  redis.call('APPEND', name, bytes)
end
if considered ~= '' then
  local looked = redis.call('HGET', checkpoint, 'considered')
  if not looked or tonumber(looked) < tonumber(considered) then
    redis.call('HSET', checkpoint, 'considered', considered)
  end
end
redis.call('HSET', checkpoint, 'generation', generation, 'position', position, 'version', version, 'mark', event_hash)
return {'ok'}
