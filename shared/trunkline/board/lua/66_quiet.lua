-- The customer's silence has lasted: what becomes free goes to the most urgent work at once. While it is written up its
-- room stays held.
timers.quiet = function(p, id)
  local c = conversation(id)
  if not c or c.owner == '' or c.status == 'wrapping-up' then return end
  if num(c.quiet_at) == 0 or num(c.quiet_at) > NOW or num(c.relief) > 0 then return end
  local relief = num(c.weight) - requirement(c.requirement).quiet_weight
  if relief <= 0 then return end
  relieve(c, relief)
  local holders = concerned(c.owner, c.offered_to)
  commit(c, KIND .. 'quieted.v1', { agents = holders })
  pull_each(holders)
end
