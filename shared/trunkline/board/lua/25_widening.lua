-- Widening: who waits asks for less as time goes by. The ladder says it all beforehand, `ms>requirement set` by
-- `ms>requirement set`, the first at 0, and `>kind` behind it where the customer is told something then; a conversation stands on one rung of it, and climbs while it waits only.

-- The ladder's rung of this number, from 0: after how many ms of waiting, and what is asked for then.
local function rung(ladder, number)
  local at = 0
  for after, id, kind in string.gmatch(ladder, '(%d+)>([^%s>]+)>?(%S*)') do
    if at == number then return num(after), id, kind end
    at = at + 1
  end
end

-- When the next rung is due, counted from the rung it stands on.
local function plan_widening(c, from)
  local here, further = rung(c.ladder or '', num(c.rung)), rung(c.ladder or '', num(c.rung) + 1)
  c.widen_at = further and int(from + further - here) or '0'
end


local function climb(c)
  local planned = num(c.widen_at)
  c.rung = int(num(c.rung) + 1)
  local _, wider, kind = rung(c.ladder, num(c.rung))
  c.requirement = wider
  plan_widening(c, planned)
  return kind
end

-- The one agent whom a requirement set asks for, if it does (trunkline.requirements: ONLY).
local function only_agent(id) return string.match(',' .. requirement(id).skills, ',agent%.([^,:]+):') end

-- From now on it waits as new: all is asked for again, but nobody waits for one agent who is not there.
local function stand_below(c)
  local _, first = rung(c.ladder or '', 0)
  c.rung, c.requirement = '0', first or c.requirement
  plan_widening(c, NOW)
  local only = only_agent(c.requirement)
  if not only then return end
  local there = redis.call('HMGET', P .. 'a:' .. only, 'presence', 'draining')
  if not takes_work({ presence = there[1], draining = there[2] }) then climb(c) end
end
