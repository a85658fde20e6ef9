#!lua flags=allow-oom
-- Save a projection's rows together with the position they reflect, all or nothing.
-- It may, where the memory is full: what follows from the log is bounded by it, and the log takes nothing more then.
--
-- KEYS[1] checkpoint  hash    generation, position, version
-- KEYS[2] rows        hash    row key -> encoded row, of this generation
-- KEYS[3] feed        stream  what the projection announces, ids <position>-<n>
-- ARGV[1] MessagePack: {generation, expected, position, version, rows, feed, cap, index, from, mark, log}
--   rows   [row key, encoded row] each
--   feed   [id, bytes] each; "<position>-*" is the next of that position, from 1 on
--   cap    entries the feed keeps, 0 for all
--   index  [list key, position, …] each: positions to append to a list (the history of one task)
--   from, mark  SHA-1 of the events at expected and position, "" where that is not known
--   log    the log's key: it is only read, and whoever runs a script may need the right to write all its KEYS
--
-- Returns {"ok"}; or, with nothing written, {"stale", generation, position, mark, version} of what is saved, or {"cut"}
-- where the log has other events there than were folded, as it can be on another server after a failover.
local checkpoint, rows, feed = KEYS[1], KEYS[2], KEYS[3]
local save = cmsgpack.unpack(ARGV[1])
local generation, expected, position, version = save[1], save[2], save[3], save[4]

for at, mark in pairs({[expected] = save[9], [position] = save[10]}) do
  if mark ~= '' then
    local found = redis.call('XRANGE', save[11], at .. '-0', at .. '-0')
    if not found[1] or redis.sha1hex(found[1][2][2]) ~= mark then return {'cut'} end
  end
end
local saved = redis.call('HMGET', checkpoint, 'generation', 'position', 'mark', 'version')
local at_generation, at_position = tonumber(saved[1] or 0), tonumber(saved[2] or 0)
if at_generation ~= generation or at_position ~= expected or (saved[4] and saved[4] ~= version) then
  return {'stale', at_generation, at_position, saved[3] or '', saved[4] or ''}
end

for _, row in ipairs(save[5]) do redis.call('HSET', rows, row[1], row[2]) end
for _, entry in ipairs(save[6]) do
  local id, of = entry[1], string.match(entry[1], '^(%d+)-%*$')
  if of and #redis.call('XRANGE', feed, of .. '-0', '+', 'COUNT', 1) == 0 then id = of .. '-1' end -- 0 is an event's
  if save[7] > 0 then
    redis.call('XADD', feed, 'MAXLEN', '~', save[7], id, 'e', entry[2])
  else
    redis.call('XADD', feed, id, 'e', entry[2])
  end
end
for _, list in ipairs(save[8]) do
  for i = 2, #list do redis.call('RPUSH', list[1], list[i]) end
end
redis.call('HSET', checkpoint, 'generation', generation, 'position', position, 'version', version, 'mark', save[10])
return {'ok'}
