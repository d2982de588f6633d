-- What an owner does with a conversation. Arguments: 1 operation, 2 agent, 3 conversation.
local function owned(a)
  local c = conversation(a[3])
  if not c then return nil, refused('unknown') end
  if c.owner ~= a[2] or c.status == 'closed' then return nil, refused('not-yours', c.status) end
  return c
end

-- 4 body (the reply, whole). Its message id is the operation's: the same reply twice is one.
verbs.reply = function(a)
  local c, why = owned(a)
  if not c then return remember(a[1], why) end
  if c.opted_out == '1' then return refused('opted-out') end
  if num(c.replied_at) == 0 then c.replied_at = int(NOW) end
  c.said = int(num(c.said) + 1)
  clocks.answered(c)
  await_answer(c)
  local id = commit(c, KIND .. 'replied.v1', { operation = a[1], agents = concerned(a[2]), body = a[4] })
  return remember(a[1], done(c, id))
end

-- 4 to agent, 5 body. The sender stays owner until it is accepted, and gets it back with the reason.
verbs.transfer_to_agent = function(a)
  local c, why = owned(a)
  if not c then return remember(a[1], why) end
  local to = agent(a[4])
  if c.status == 'offered' then return refused('gone', c.status) end
  if a[4] == a[2] then return refused('own') end
  if not to or to.presence ~= 'available' then return refused('absent') end
  if not takes_work(to) then return refused('draining') end
  if not has_room(measure(to), requirement(c.requirement)) then return refused('no-room') end
  untimer(shard_of(c.id), 'wrap|' .. c.id)
  c.keeps, c.wrap_until = a[2], '0'
  local id = commit(c, KIND .. 'transferred.v1', { operation = a[1], agents = concerned(a[2], a[4]), body = a[5] })
  register(c.requirement)
  offer(c, a[4], 'transfer')
  return remember(a[1], done(c, id))
end

-- 4 queue, 5 requirement, 6 weight, 7 limits, 8 ladder, 9 body, 10 reason (transfer or escalation), 11 clocks, 12 what is
-- said to the customer ('' = nothing). Released at once, age kept, not straight back to the sender. 'hours' as of `receive`.
verbs.transfer_to_queue = function(a)
  local c, why = owned(a)
  if not c then return remember(a[1], why) end
  if not clocks.known(a[11]) then return refused('hours') end
  local asked = take_back(c, a[10])
  untimer(shard_of(c.id), 'wrap|' .. c.id)
  release(a[2], c)
  clocks.move(c, a[11])
  c.queue, c.requirement, c.weight, c.limits, c.ladder = a[4], a[5], a[6], a[7], a[8]
  stand_below(c)
  redis.call('SADD', P .. 'cd:' .. c.id, a[2])
  redis.call('SADD', P .. 'ad:' .. a[2], c.id)
  requeue(c, a[10], a[12])
  timer(shard_of(c.id), 'again|' .. c.id, NOW + limits(c).again)
  local id = commit(c, KIND .. 'transferred.v1', { operation = a[1], agents = concerned(a[2]), body = a[9] })
  claim(c)
  pull(a[2])
  pull_each(asked)
  return remember(a[1], done(c, id))
end

-- The agent writes up: room stays held until close or until the queue's time is over.
verbs.wrap_up = function(a)
  local c, why = owned(a)
  if not c then return remember(a[1], why) end
  if c.status ~= 'active' then return refused('gone', c.status) end
  c.status, c.wrap_until = 'wrapping-up', int(NOW + limits(c).wrap)
  await_no_answer(c)
  timer(shard_of(c.id), 'wrap|' .. c.id, NOW + limits(c).wrap)
  local id = commit(c, KIND .. 'wrap-up-started.v1', { operation = a[1], agents = concerned(a[2]) })
  return remember(a[1], done(c, id))
end

-- Over. It stays on the board as long as the customer may reopen it; an opt-out stays for ever.
local function finish(c, e)
  local name, asked = c.owner, take_back(c, 'closed')
  untimer(shard_of(c.id), 'wrap|' .. c.id)
  untimer(shard_of(c.id), 'again|' .. c.id)
  release(name, c)
  forget_quiet(c)
  forget_declines(c)
  clocks.finish(c)
  c.status, c.owner, c.keeps, c.wrap_until, c.closed_at = 'closed', '', '', '0', int(NOW)
  e.agents = concerned(name)
  local id = commit(c, KIND .. 'closed.v1', e)
  local keep = limits(c).reopen + 60000
  redis.call('PEXPIRE', P .. 'c:' .. c.id, keep)
  redis.call('PEXPIRE', P .. 't:' .. c.thread, keep)
  pull(name)
  pull_each(asked)
  return id
end

-- 4 body (wrap-up code and note)
verbs.close = function(a)
  local c, why = owned(a)
  if not c then return remember(a[1], why) end
  return remember(a[1], done(c, finish(c, { operation = a[1], body = a[4] })))
end

timers.wrap = function(p, id)
  local c = conversation(id)
  if c and c.status == 'wrapping-up' and num(c.wrap_until) <= NOW then finish(c, { body = '{"code":"","note":""}' }) end
end
