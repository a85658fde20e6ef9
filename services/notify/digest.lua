-- Save a digest, and the sets that it is in.
--
-- keys    {outbox, pending, failed, unreached}
-- digest  {id, encoded, done, dead, unreached}
local function save_digest(keys, digest)
  local outbox, pending, failed, unreached = unpack(keys)
  local id, encoded, is_done, is_dead, is_unreached = unpack(digest)
  redis.call('HSET', outbox, id, encoded)
  redis.call(is_done and 'SREM' or 'SADD', pending, id)
  redis.call(is_dead and 'SADD' or 'SREM', failed, id)
  redis.call(is_unreached and 'SADD' or 'SREM', unreached, id)
end
