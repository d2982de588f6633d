-- How far each shard is, for the ledger: what it applied of `inbound` last, and how many of its events are not relayed.

-- 1 shards in all
verbs.ledger = function(a)
  local lines = {}
  for p = 0, num(a[1]) - 1 do
    local newest, told = redis.call('HGET', P .. 'sequence', p), string.match(relayed(p), '^%d+')
    lines[#lines + 1] = { applied(p), int(math.max(0, num(newest) - num(told))) }
  end
  return { 'ok', lines }
end
