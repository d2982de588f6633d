-- Quiet work: the last word was ours, and the customer has been silent for as long as the channel says. It weighs less
-- in the room of whoever has it, by its relief, until the customer writes or no agent has it any more.

-- Our word: from now on the customer's silence counts. What is quiet already stays so.
local function await_answer(c)
  if num(c.relief) > 0 or not string.find(c.requirement, '~', 1, true) then return end
  c.quiet_at = int(NOW + requirement(c.requirement).quiet_after)
  timer(shard_of(c.id), 'quiet|' .. c.id, num(c.quiet_at))
end

-- Nothing to wait for: it does not become quiet. What is quiet already stays so.
local function await_no_answer(c)
  if num(c.quiet_at) > 0 and num(c.relief) == 0 then c.quiet_at = '0' end
end

-- Weigh so much less from now on, for everybody who holds it.
local function relieve(c, relief)
  local more = num(c.relief) - relief
  c.relief = int(relief)
  for name in each(concerned(c.owner, c.offered_to)) do
    local a = agent(name)
    if a then keep_place(a, unpack(flatten(counted(a, requirement(c.requirement), more, 0)))) end
  end
end

-- The customer wrote: all of its weight again, at once, even where that is more than there is room for.
local function weigh_in_full(c)
  if num(c.quiet_at) == 0 then return end
  if num(c.relief) > 0 then relieve(c, 0) end
  c.quiet_at = '0'
end

-- No agent has it any more, and its room was given back as it was.
local function forget_quiet(c)
  if num(c.quiet_at) > 0 then c.relief, c.quiet_at = '0', '0' end
end
