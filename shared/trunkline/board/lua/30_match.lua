-- Matching: the waiting conversation takes the best free agent, the free agent the most urgent conversation. Neither
-- scans a fixed head: only who declined is stepped over, and those are counted.
local KIND = 'trunkline.conversation.'

-- Its place in whatever line it waits: its due time; before all of these what a supervisor moved to the front, the
-- latest moved first.
local function place(c) return num(c.front) > 0 and int(-num(c.front)) or c.due end

-- Who is served next is the line's order; who has waited longest, and whose target ends first, need orders of their own.
local function wait_in_line(c)
  register(c.requirement)
  redis.call('ZADD', P .. 'w:' .. c.requirement, place(c), c.id)
  redis.call('ZADD', P .. 'since:' .. c.requirement, c.queued_at, c.id)
  redis.call('ZADD', P .. 'target:' .. c.requirement, int(clocks.soonest(c)), c.id)
  if num(c.widen_at) > 0 then timer(shard_of(c.id), 'widen|' .. c.id, num(c.widen_at)) end
end

local function leave_line(c)
  for _, line in ipairs({ 'w:', 'since:', 'target:' }) do redis.call('ZREM', P .. line .. c.requirement, c.id) end
  untimer(shard_of(c.id), 'widen|' .. c.id)
end

local function forget_declines(c)
  for _, name in ipairs(redis.call('SMEMBERS', P .. 'cd:' .. c.id)) do redis.call('SREM', P .. 'ad:' .. name, c.id) end
  redis.call('DEL', P .. 'cd:' .. c.id)
end

-- From now on it is the agent's: nobody else is asked, nothing is said for them, and it is at the front of no line.
local function own(c, name)
  forget_declines(c)
  hush(c)
  c.status, c.owner, c.last_agent = 'active', name, name
  if num(c.front) > 0 then c.front = '0' end
end

-- The agent's at once, for its queue asks nobody: one event is the decision and its acceptance.
local function give(c, name, details)
  hold(name, c, true)
  own(c, name)
  return commit(c, 'trunkline.offer.auto-accepted.v1', { agents = name, body = details })
end

-- To this agent; and to the next best as well, where the queue asks several and the agent was not chosen by a reason.
-- What a colleague passes on is always offered, and to that colleague alone.
local function offer(c, name, reason)
  local by, asked = limits(c), name
  local short, details = reasons(c, name)
  c.why, c.reason = short, reason or c.promise or ''
  leave_line(c)
  if by.asks == 0 and c.keeps == '' then return give(c, name, details) end
  if by.asks > 1 and not reason then asked = with_next_best(c, name, by.asks) end
  for other in each(asked) do hold(other, c, true, asked ~= name) end
  c.status, c.offered_to = 'offered', asked
  c.fence, c.deadline, c.shown = int(num(c.fence) + 1), int(NOW + by.offer), '0'
  timer(shard_of(c.id), 'offer|' .. c.id .. '|' .. c.fence, NOW + by.offer)
  return commit(c, KIND .. 'offered.v1', { agents = concerned(asked, c.keeps), body = details })
end

-- Stop a pending offer and give its room back.
local function unoffer(c)
  untimer(shard_of(c.id), 'offer|' .. c.id .. '|' .. c.fence)
  for name in each(c.offered_to) do release(name, c) end
  c.offered_to, c.deadline = '', '0'
end

-- The best free agent for a waiting conversation, or nil. Looks past its decliners only.
local function best_agent(c)
  local declined = redis.call('SCARD', P .. 'cd:' .. c.id)
  for _, name in ipairs(redis.call('ZRANGE', P .. 'f:' .. c.requirement, 0, declined)) do
    if declined == 0 or redis.call('SISMEMBER', P .. 'cd:' .. c.id, name) == 0 then return name end
  end
end

local function claim(c)
  local name = best_agent(c)
  if name then return offer(c, name) end
end

-- As `claim`, but one agent is asked first: who had it before, if there is room and it was not declined.
local function claim_for(c, name)
  local free = name ~= '' and redis.call('ZSCORE', P .. 'f:' .. c.requirement, name)
  if free and redis.call('SISMEMBER', P .. 'cd:' .. c.id, name) == 0 then return offer(c, name, c.reason) end
  return claim(c)
end

local function declined_by(name) return redis.call('SCARD', P .. 'ad:' .. name) end

-- The most urgent conversation of one requirement set that this agent, who has declined so many, has not declined.
local function head_for(name, declined, id)
  local heads = redis.call('ZRANGE', P .. 'w:' .. id, 0, declined, 'WITHSCORES')
  for i = 1, #heads, 2 do
    if declined == 0 or redis.call('SISMEMBER', P .. 'ad:' .. name, heads[i]) == 0 then
      return heads[i], tonumber(heads[i + 1])
    end
  end
end

-- Fill an agent's room with the most urgent work, as this agent sees it, of all the sets the agent belongs to.
local function pull(name)
  while true do
    local a, best, lowest = agent(name), nil, nil
    if not a or not takes_work(a) then return end
    local m, declined = measure(a), declined_by(name)
    for id, skilled in pairs(satisfied(a)) do
      local r = requirement(id)
      if has_room(m, r) then
        local waiting, due = head_for(name, declined, id)
        local here = waiting and urgency(r, due, skilled)
        if waiting and (not best or here < lowest or (here == lowest and waiting < best)) then
          best, lowest = waiting, here
        end
      end
    end
    if not best then return end
    offer(conversation(best), name)
  end
end

-- Back into the line with its age, on the rung where it stood; matching follows by the caller. `kind`: what is said then.
local function requeue(c, reason, kind)
  c.status, c.owner, c.keeps, c.reason, c.wrap_until = 'queued', '', '', reason, '0'
  forget_quiet(c)
  clocks.place(c)
  wait_in_line(c)
  wish_in_line(c, kind or '')
end

-- From snoozed into the line, as new there: it waited for the customer or for a time, not for us.
local function stir(c, reason)
  untimer(shard_of(c.id), 'wake|' .. c.id)
  local patience = math.max(0, clocks.target(c) - num(c.queued_at))
  c.queued_at, c.target_at, c.wake_at = int(NOW), int(NOW + patience), '0'
  clocks.wake(c)
  stand_below(c)
  requeue(c, reason)
end

-- An offer ended without acceptance: a transferred conversation returns to its sender, any other waits again.
local function fall_back(c, reason)
  if c.keeps ~= '' then
    c.status, c.owner, c.keeps, c.reason = 'active', c.keeps, '', reason
  else
    requeue(c, reason)
  end
end

local function after_fall_back(c)
  if c.status == 'queued' then claim(c) end
end

-- A step by which the customer is told something, each step once; who was told that it is shut knows enough.
local function tell_step(c, kind)
  if not shut_until(c.queue) then wish(c, kind .. '.' .. c.rung) end
end

local function widen(c)
  local before = c.requirement
  leave_line(c)
  local kind = climb(c) or ''
  wait_in_line(c)
  if kind ~= '' then tell_step(c, kind) end
  commit(c, KIND .. 'widened.v1', { body = '{"before":"' .. before .. '","told":"' .. kind .. '"}' })
  claim(c)
end

-- The next rung is due. What came due while it was offered to somebody is climbed when it waits again.
timers.widen = function(p, id)
  local c = conversation(id)
  if c and c.status == 'queued' and num(c.widen_at) > 0 and num(c.widen_at) <= NOW then widen(c) end
end

-- The agent takes no work now: what waits for this agent alone waits no longer for that.
local function wait_no_more_for(a)
  for id in pairs(satisfied(a)) do
    if only_agent(id) == a.id then
      for _, waiting in ipairs(redis.call('ZRANGE', P .. 'w:' .. id, 0, -1)) do widen(conversation(waiting)) end
    end
  end
end
