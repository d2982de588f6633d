-- Requirement sets, and how agents stand to them.

-- A requirement set's id says what it is: queue|channel|room|skill:level,skill:level|skill:weight|policy; any of
-- `queue+queue` will do, empty ends are left out (trunkline.requirements). Room is the weight, `i` for work that gives way
-- to other work or `x` for work that wants the agent alone, `/` with how much of its channel an agent may have, and
-- `~after:weight` where it weighs less when the customer has been silent for so many seconds (66_quiet).
local REQUIREMENTS, READ = {}, 0 -- id → what it says, which is the same for ever: calls share it, up to so many
local MOST_READ = 5000

local function policy(text)
  local skill, flexibility, load, idle, turn, fit = string.match(text, '^([^:]+):([^:]+):([^:]+):([^:]+):([^:]+):?(.*)$')
  return { text = text, skill = num(skill), flexibility = num(flexibility), load = num(load), idle = num(idle),
    turn = num(turn), fit = num(fit) }
end

local function requirement(id)
  local r = REQUIREMENTS[id]
  if not r then
    local queue, channel, weight, kind, most, quiet_after, quiet_weight, skills, tail =
      string.match(id, '^([^|]*)|([^|]*)|(%d+)([ix]?)/?(%d*)~?(%d*):?(%d*)|([^|]*)(.*)$')
    local prefers, by = string.match(tail or '', '^|([^|]*)|?(.*)$')
    r = { queue = queue, channel = channel, weight = num(weight), kind = kind, most = num(most), skills = skills, prefers = prefers or '',
      quiet_after = num(quiet_after) * 1000, quiet_weight = num(quiet_weight),
      policy = policy(by and by ~= '' and by or DEFAULT_POLICY) }
    if READ >= MOST_READ then REQUIREMENTS, READ = {}, 0 end
    REQUIREMENTS[id], READ = r, READ + 1
  end
  return r
end

-- How far an agent with these skills comes: 0 serves none of the queues, 1 lacks a skill, 2 lacks a level, 3 satisfies.
local SATISFIES = 3
local function standing(skills, r)
  local serves, able = skills['queue:*'], true
  for queue in string.gmatch(r.queue, '[^+]+') do serves = serves or skills['queue:' .. queue] end
  if not serves then return 0 end
  for skill, level in string.gmatch(r.skills, '([^,:]+):(%d+)') do
    if num(skills[skill]) == 0 then return 1 end
    able = able and num(skills[skill]) >= num(level)
  end
  return able and SATISFIES or 2
end

-- The mean of the levels in what is asked for and, by its weight, preferred: 0 to 1.
local function proficiency(skills, r)
  local total, weight = 0, 0
  for skill in string.gmatch(r.skills, '([^,:]+):%d+') do total, weight = total + num(skills[skill]), weight + 1 end
  for skill, times in string.gmatch(r.prefers, '([^,:]+):(%d+)') do
    total, weight = total + num(times) * num(skills[skill]), weight + num(times)
  end
  return weight > 0 and total / weight / 10 or 0
end

-- What the agent's index adds up from. The lowest is taken first; trunkline.index says the same, and why.
local MINUTE = 60000
local function by_skill(by, skilled) return -by.skill * skilled end
local function parts(a, by, skilled)
  return by_skill(by, skilled), by.flexibility * num(a.flexibility), by.load * num(a.load) / num(a.capacity),
    by.idle * num(a.idle_since) / MINUTE, by.turn * num(a.assigned_at) / MINUTE
end

-- When waiting work is due as an agent of this proficiency sees it: what one is good at goes a little ahead.
local function urgency(r, due, skilled) return due - r.policy.fit * MINUTE * skilled end

-- What an agent's place owes to all but skill, which alone differs by requirement set. trunkline.index adds up in the same
-- order, so that both come to the same number to the last bit.
local function by_rest(a, by)
  local _, flexibility, load, idle, turn = parts(a, by, 0)
  return flexibility + load + idle + turn
end
