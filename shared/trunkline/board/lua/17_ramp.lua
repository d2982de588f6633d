-- Ramp-up: who returns is given so many offers a minute at most, for a while. After each there is no room (`turn_at` is
-- there) until the next turn, which a timer of the agent's shard begins (72_return).

-- `said` is ms it lasts:most offers a minute; '' or nil where nobody ramps up.
local function begin_ramp(a, said)
  local lasts, most = string.match(said or '', '^(%d+):(%d+)$')
  if lasts then a.ramp_until, a.ramp_gap = int(NOW + num(lasts)), int(math.ceil(60000 / num(most))) end
end

local function end_ramp(a)
  redis.call('HDEL', P .. 'a:' .. a.id, 'ramp_until', 'ramp_gap')
  a.ramp_until, a.ramp_gap = nil, nil
end

local function spend_turn(a)
  if num(a.ramp_until) <= NOW then return end_ramp(a) end
  a.turn_at = int(math.min(NOW + num(a.ramp_gap), num(a.ramp_until)))
  redis.call('HSET', P .. 'a:' .. a.id, 'turn_at', a.turn_at)
  timer(a.shard, 'turn|' .. a.id, a.turn_at)
end
