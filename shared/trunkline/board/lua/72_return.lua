-- Taking no new work while one stays, and the next turn of who ramps up.

-- 1 operation, 2 agent, 3 '1' to drain or '0' to take work again, 4 body (who says so). Presence, what is held and what
-- is offered stay; no more is offered. It ends by word, or when the agent leaves.
verbs.drain = function(a)
  local it = agent(a[2])
  if not it or it.presence == 'offline' then return refused('absent') end
  it.draining = a[3]
  keep_presence(it, 'draining', it.draining)
  local id = tell_agent(it, AGENT .. 'drain-changed.v1', { operation = a[1], body = a[4] })
  if takes_work(it) then pull(it.id) else wait_no_more_for(it) end
  return remember(a[1], { 'ok', it.shard, id, it.presence, it.reason, it.draining })
end

timers.turn = function(p, name)
  local it = agent(name)
  if not it or not it.turn_at or num(it.turn_at) > NOW then return end
  redis.call('HDEL', P .. 'a:' .. name, 'turn_at')
  it.turn_at = nil
  if num(it.ramp_until) <= NOW then end_ramp(it) end
  rerank(it)
  pull(name)
end
