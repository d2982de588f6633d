do -- its names are its own: Lua has room for 200 in one block
-- Work an agent begins: we write first. Arguments: 1 operation, 2 agent, 3 the new conversation, 4 thread, 5 account,
-- 6 channel, 7 scheme, 8 contact, 9 display, 10 queue, 11 requirement, 12 weight, 13 priority, 14 due, 15 limits,
-- 16 ladder, 17 rules, 18 clocks, 19 body, 20 most that one agent may begin in a minute.
-- It is the agent's own choice, so it needs no room, but what it takes is counted. An open conversation of the thread is
-- never doubled: the refusal names it and who has it.

-- Milliseconds until the agent may begin one more, 0 if that is now and was taken. What is kept is when all of a
-- minute's beginnings are free again: each takes its share of the minute, and all may be taken at once.
local function wait_to_begin(name, most)
  local key, share = P .. 'begun:' .. name, 60000 / most
  local free_at = math.max(num(redis.call('GET', key)), NOW) + share
  if free_at - NOW > 60000 then return free_at - NOW - 60000 end
  redis.call('SET', key, int(free_at), 'PX', 60000)
  return 0
end

verbs.begin = function(a)
  local who = agent(a[2])
  if not who or who.presence == 'offline' then return refused('absent') end
  if opted_out(a[4]) == '1' then return refused('opted-out') end
  local known = thread_of(a[4])
  local before = known and conversation(known)
  if before and before.status ~= 'closed' then
    return refused('open', before.id .. ' ' .. (before.owner ~= '' and before.owner or string.match(before.offered_to, '^[^,]*')))
  end
  if not clocks.known(a[18]) then return refused('hours') end
  local wait = wait_to_begin(a[2], num(a[20]))
  if wait > 0 then return refused('too-fast', int(math.ceil(wait / 1000))) end
  local d = decision(a, 10)
  check_decision(d)
  local c = { id = a[3], thread = a[4], account = a[5], channel = a[6], scheme = a[7], contact = a[8], display = a[9],
    version = '0', opened_at = int(NOW), fence = '0', offered_to = '', deadline = '0', shown = '0', wrap_until = '0',
    wake_at = '0', why = '', replied_at = '0', opted_out = '0', said = '0',
    language = before and before.language or '' }
  route(c, d, true)
  c.status, c.owner, c.last_agent, c.reason, c.last_inbound_at = 'active', a[2], a[2], 'begun', '0'
  keep_thread(c)
  register(c.requirement)
  hold(a[2], c)
  local id = commit(c, KIND .. 'begun.v1', { operation = a[1], agents = concerned(a[2]), body = a[19] })
  return remember(a[1], done(c, id))
end
end
