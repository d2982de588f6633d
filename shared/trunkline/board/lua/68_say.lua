do -- its names are its own: Lua has room for 200 in one block
-- Saying what was asked for (see 26_telling): once, and no more than a person would bear.
local SAID_FOR = 86400000 -- ms in which nothing is told twice in a thread
local MOST_SAID = 8       -- to one contact meanwhile, in all their threads

-- What was said to the contact lately: `kind|thread` by fields. It goes a day after the first of them.
local function told_key(c) return P .. 'told:' .. redis.sha1hex(c.account .. '|' .. c.scheme .. ':' .. c.contact) end

local function told_enough(c, kind)
  local key = told_key(c)
  return redis.call('HEXISTS', key, kind .. '|' .. c.thread) == 1 or redis.call('HLEN', key) >= MOST_SAID
end

local function mark_told(c, kind)
  local key = told_key(c)
  local first = redis.call('HLEN', key) == 0
  redis.call('HSET', key, kind .. '|' .. c.thread, int(NOW))
  if first then redis.call('PEXPIRE', key, SAID_FOR) end
  local kept = {}
  for before, at in string.gmatch(c.told or '', '(%S+):(%d+)') do
    if before ~= kind and num(at) > NOW - SAID_FOR then kept[#kept + 1] = before .. ':' .. at end
  end
  kept[#kept + 1] = kind .. ':' .. int(NOW)
  c.told = table.concat(kept, ' ')
end

-- 1 shard, 2 term, 3 conversation, 4 the words asked for, 5 message id, 6 body (the message, whole; '' when there is
-- nothing to say any more). `gone`: an agent has it, or it was said. Refused words are asked for no longer.
verbs.say = function(a)
  if fenced(a[1], a[2]) then return { 'fenced' } end
  local c = conversation(a[3])
  if not c then return refused('gone') end
  local words, kind, left = next_words(c)
  if words ~= a[4] or c.status ~= 'queued' then return refused('gone', c.status) end
  c.to_say = left
  if left == '' then untimer(a[1], 'say|' .. c.id) else timer(a[1], 'say|' .. c.id, NOW) end
  if a[6] == '' or c.opted_out == '1' or told_enough(c, kind) then
    keep(c)
    return refused('unsaid')
  end
  mark_told(c, kind)
  if string.match(kind, '^callback') then c.promise = 'callback' end  -- whoever is offered it sees what was promised
  c.said = int(num(c.said) + 1)
  return done(c, commit(c, 'trunkline.conversation.told.v1', { operation = a[5], agents = concerned(c.owner), body = a[6] }))
end
end
