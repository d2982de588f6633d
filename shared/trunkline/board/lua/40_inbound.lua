-- What comes from `inbound`: applied strictly in order, once, by the shard's owner (DESIGN 3, rule 7).
-- Common arguments: 1 shard, 2 term, 3 offset, 4 operation (the item's id).
local DAY = 86400000

local function fenced(p, term) return redis.call('HGET', D .. 'term', p) ~= term end

-- nil when it is this item's turn, else the answer.
local function turn(a)
  local p, offset = a[1], num(a[3])
  if fenced(p, a[2]) then return { 'fenced' } end
  local last = num(applied(p))
  if offset <= last then return { 'applied' } end
  if offset ~= last + 1 then return { 'gap', int(last) } end
end

local function advance(a)
  APPLIED[a[1]] = a[3]
  redis.call('HSET', P .. 'applied', a[1], a[3])
end

-- Duplicates up to 8 days: 40 bits of the id in small hashes, a set of them a day. A hit proves nothing alone.
local function filter_key(p, day, print) return P .. 'seen:' .. p .. ':' .. day .. ':' .. (num(print) % 1024) end

local function maybe_seen(p, print)
  local today = math.floor(NOW / DAY)
  for day = today, today - 8, -1 do
    if redis.call('HEXISTS', filter_key(p, int(day), print), print) == 1 then return true end
  end
  return false
end

local function mark_seen(p, print)
  local key = filter_key(p, int(math.floor(NOW / DAY)), print)
  redis.call('HSET', key, print, '')
  redis.call('PEXPIRE', key, 9 * DAY)
end

-- 'duplicate' | 'confirm' | nil. `word` is what the record said of an earlier hit: '' not asked, 'new', 'known'.
local function seen_before(a, print, word)
  if redis.call('EXISTS', P .. 'op:' .. a[4]) == 1 then return 'duplicate' end
  if word == 'known' then return 'duplicate' end
  if word ~= 'new' and maybe_seen(a[1], print) then return 'confirm' end
end

local function thread_of(id) return redis.call('GET', P .. 't:' .. id) end
local function opted_out(thread)
  return redis.call('SISMEMBER', P .. 'opted_out', redis.sha1hex(thread)) == 1 and '1' or '0'
end

-- Wake what close let expire.
local function keep_thread(c)
  redis.call('SET', P .. 't:' .. c.thread, c.id)
  redis.call('PERSIST', P .. 'c:' .. c.id)
end

-- The first language that can be told is the conversation's, until a text of some words is in another.
local function hear(c, language, firm)
  if language ~= '' and (firm == '1' or (c.language or '') == '') then c.language = language end
end

local function add_message(c, a, body)
  c.last_inbound_at, c.said = int(NOW), int(num(c.said) + 1)
  weigh_in_full(c)
  if c.status == 'wrapping-up' then
    untimer(shard_of(c.id), 'wrap|' .. c.id)
    c.status, c.wrap_until = 'active', '0'
  end
  local snoozed = c.status == 'snoozed'
  local moved = clocks.heard(c)
  if snoozed then stir(c, 'wrote')
  elseif moved then
    clocks.place(c)
    if c.status == 'queued' then wait_in_line(c) end
  end
  local id = commit(c, KIND .. 'message-added.v1', { operation = a[4], message = a[4],
    agents = concerned(c.owner, c.offered_to, c.keeps, snoozed and c.last_agent or ''), body = body })
  if snoozed then claim_for(c, c.last_agent) end
  return id
end

-- A decision of the rules: queue, requirement set, weight, priority, ms until due, the queue's limits, the ladder, which
-- rules of which version, the clocks. `ours`: we write first.
local function route(c, d, ours)
  c.queue, c.requirement, c.weight, c.priority, c.limits = d.queue, d.requirement, d.weight, d.priority, d.limits
  c.ladder, c.rules = d.ladder, d.rules
  if c.promise then c.promise = '' end
  stand_below(c)
  c.status, c.queued_at, c.target_at = 'queued', int(NOW), int(NOW + num(d.due) + num(d.priority) * HEAD_START_MS)
  c.last_inbound_at, c.reason, c.owner, c.keeps, c.closed_at = int(NOW), '', '', '', '0'
  clocks.begin(c, d.clocks, ours)
  clocks.place(c)
end

-- Before anything is written: what could not be routed must not half exist.
local function check_decision(d)
  assert(requirement(d.requirement).queue, 'not a requirement set: ' .. d.requirement)
  assert(limits({ limits = d.limits }).missed > 0, 'not a queue\'s limits: ' .. d.limits)
  for step in string.gmatch(d.ladder, '%S+') do
    local wider = string.match(step, '^%d+>([^>]+)')
    assert(wider and requirement(wider).queue, 'not a rung: ' .. step)
  end
end

local function decision(a, at)
  return { queue = a[at], requirement = a[at + 1], weight = a[at + 2], priority = a[at + 3], due = a[at + 4],
    limits = a[at + 5], ladder = a[at + 6], rules = a[at + 7], clocks = a[at + 8] }
end

local function start(c, a, kind, body)
  keep_thread(c)
  c.said = int(num(c.said) + 1)
  wish_in_line(c, a[26] or '')
  local id = commit(c, KIND .. kind, { operation = a[4], message = a[4], body = body })
  wait_in_line(c)
  if kind == 'reopened.v1' then claim_for(c, c.last_agent) else claim(c) end
  return id
end

-- 5 thread, 6 fingerprint, 7 the record's word, 8 body, 9 new conversation's id, 10 account, 11 channel, 12 scheme,
-- 13 contact, 14 display, 15 language ('' = not told), 16 '1' = told by some words, then the decision: 17 queue
-- ('' = none made), 18 requirement, 19 weight, 20 priority, 21 due, 22 limits, 23 ladder, 24 rules, 25 clocks; then 26 what
-- is said to who has to wait ('' = nothing). 'hours': the calendar of its clocks is to be told first.
verbs.receive = function(a)
  local late = turn(a)
  if late then return late end
  local seen = seen_before(a, a[6], a[7])
  if seen == 'confirm' then return { 'confirm' } end
  if seen then advance(a); return { 'duplicate' } end
  local known = thread_of(a[5])
  local c = known and conversation(known)
  local id
  if c and c.status ~= 'closed' then
    advance(a)
    hear(c, a[15], a[16])
    id = add_message(c, a, a[8])
  else
    if a[17] == '' then return { 'decide' } end
    local d = decision(a, 17)
    check_decision(d)
    if not clocks.known(d.clocks) then return { 'hours' } end
    advance(a)
    if c and NOW - num(c.closed_at) <= limits(c).reopen then
      route(c, d)
      if a[15] ~= '' then c.language = a[15] end
      id = start(c, a, 'reopened.v1', a[8])
    else
      local before = c and c.last_agent or ''
      c = { id = a[9], thread = a[5], account = a[10], channel = a[11], scheme = a[12], contact = a[13],
        display = a[14], version = '0', opened_at = int(NOW), fence = '0', offered_to = '', deadline = '0',
        shown = '0', wrap_until = '0', wake_at = '0', why = '', replied_at = '0', last_agent = before,
        opted_out = opted_out(a[5]), language = a[15] }
      route(c, d)
      id = start(c, a, 'opened.v1', a[8])
    end
  end
  mark_seen(a[1], a[6])
  return remember(a[4], done(c, id))
end

-- 5 thread, 6 '1' opted out or '0', 7 body
verbs.prefer = function(a)
  local late = turn(a)
  if late then return late end
  advance(a)
  if remembered(a[4]) then return { 'duplicate' } end
  redis.call(a[6] == '1' and 'SADD' or 'SREM', P .. 'opted_out', redis.sha1hex(a[5]))
  local known = thread_of(a[5])
  local c = known and conversation(known)
  if c then redis.call('HSET', P .. 'c:' .. c.id, 'opted_out', a[6]) end
  local id = emit(a[1], 'trunkline.contact.preference-changed.v1', a[5],
    { operation = a[4], agents = c and concerned(c.owner, c.offered_to, c.consulted or '') or '', body = a[7] })
  return remember(a[4], { 'ok', a[1], id, '', '' })
end

-- 5 conversation, 6 body: notify gave up on a reply; its agent is told, also after close.
verbs.undeliver = function(a)
  local late = turn(a)
  if late then return late end
  advance(a)
  if remembered(a[4]) then return { 'duplicate' } end
  local c = conversation(a[5])
  if not c then return { 'gone' } end
  await_no_answer(c)
  local id = commit(c, KIND .. 'reply-failed.v1',
    { operation = a[4], agents = concerned(c.owner ~= '' and c.owner or c.last_agent), body = a[6] })
  if c.status == 'closed' then redis.call('PEXPIRE', P .. 'c:' .. c.id, limits(c).reopen + 60000) end
  return remember(a[4], done(c, id))
end

-- An item that fails for itself is passed over, and the log says so: the relay copies it to the dead letters first
-- (rule 8). The reason becomes JSON here, so only what needs no escape is kept of it.
local function refuse_item(a, reason)
  advance(a)
  local plain = string.sub(string.gsub(reason, '[^%w %.,:;=/_%-]', '?'), 1, 500)
  local body = '{"offset":' .. a[3] .. ',"reason":"' .. plain .. '"}'
  return { 'refused', a[1], emit(a[1], 'trunkline.message.refused.v1', a[4], { operation = a[4], body = body }) }
end

-- 5 reason: what the router could not read.
verbs.refuse = function(a)
  local late = turn(a)
  if late then return late end
  return refuse_item(a, a[5])
end

-- What the rules may read, before they decide. Arguments: threads. One answer a thread: status, last agent, language.
verbs.look = function(a)
  local found = {}
  for i, thread in ipairs(a) do
    local known = thread_of(thread)
    local state = known and redis.call('HMGET', P .. 'c:' .. known, 'status', 'last_agent', 'language') or {}
    found[i] = { state[1] or '', state[2] or '', state[3] or '' }
  end
  return found
end

-- 1 conversation: what a reply or a transfer must know of it; what it requires is said before any widening.
verbs.facts = function(a)
  local c = conversation(a[1])
  if not c then return { 'no', 'unknown' } end
  local _, first = rung(c.ladder or '', 0)
  return { 'ok', c.account, c.channel, c.scheme, c.contact, c.display, first or c.requirement }
end

-- 1 agent: the present state of every conversation that uses the agent's capacity or in which the agent is consulted,
-- flat as the hash is.
verbs.holding = function(a)
  local found = {}
  for _, id in ipairs(redis.call('SUNION', P .. 'ac:' .. a[1], P .. 'cs:' .. a[1])) do
    found[#found + 1] = redis.call('HGETALL', P .. 'c:' .. id)
  end
  return { 'ok', found, redis.call('HGET', P .. 'a:' .. a[1], 'presence') or '' }
end
