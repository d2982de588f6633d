-- Clocks: by when the customer was promised an answer and an end, on calendars the board was told (trunkline.board.hours).
-- `clocks` says what a conversation's queue promised when it came there, `first:next:resolution:window:margin:calendar` in
-- ms, 0 for what is not promised; '' is nothing at all, and then nothing here costs anything. The ends are moments in its
-- state (`…_by`, ms, 0 while that clock stands); a clock that is stopped was met or breached, and `judged` says so.
local clocks = {}
do
  local function promises(text)
    local first, following, resolve, window, margin, calendar = string.match(text, '^(%d+):(%d+):(%d+):(%d+):(%d+):(.*)$')
    return first and { first_reply = num(first), next_reply = num(following), resolve = num(resolve), window = num(window),
      margin = num(margin), calendar = calendar }
  end

  local function promised(c) return (c.clocks or '') ~= '' and promises(c.clocks) or nil end

  -- Whether moments can be reckoned by what this text names. Where not, it is told first: see trunkline.board.hours.
  function clocks.known(text)
    local p = text ~= '' and assert(promises(text), 'not clocks: ' .. text)
    return not p or p.calendar == '' or redis.call('HEXISTS', D .. 'calendars', p.calendar) == 1
  end

  -- The last span of a calendar whose score is not above this one: when it begins, ends, and how long it was open before.
  local function span(order, calendar, score)
    local found = redis.call('ZREVRANGEBYSCORE', D .. order .. calendar, score, '-inf', 'LIMIT', 0, 1)[1]
    if not found then return end
    local begins, ends, before = string.match(found, '^(%d+):(%d+):(%d+)$')
    return num(begins), num(ends), num(before)
  end

  -- How long a calendar was open until a moment, since the first span it was told.
  local function opened(calendar, at)
    if calendar == '' then return at end
    local begins, ends, before = span('hours:', calendar, int(at))
    return begins and before + math.min(at, ends) - begins or 0
  end

  -- The moment at which a calendar will have been open for so long, counted from another one. What was never told to open
  -- counts around the clock; no moment is later than the last hour told, a year ahead.
  local function later(calendar, at, ms)
    local goal = opened(calendar, at) + ms
    if calendar == '' then return goal end
    local begins, ends, before = span('open:', calendar, '(' .. int(goal))
    return begins and math.min(begins + goal - before, ends) or at + ms
  end

  local function start(c, p, clock, ms) c[clock .. '_by'] = ms > 0 and int(later(p.calendar, NOW, ms)) or '0' end

  local function earliest(c, names)
    local found
    for _, name in ipairs(names) do
      local at = num(c[name])
      if at > 0 and (not found or at < found) then found = at end
    end
    return found
  end

  -- When the next clock of a conversation ends, nil while none runs.
  local function next_clock(c) return earliest(c, { 'first_reply_by', 'next_reply_by', 'resolve_by' }) end

  -- Among all open ones in the order in which their clocks end.
  local function put_in_order(c)
    local at = c.status ~= 'closed' and next_clock(c)
    if at then redis.call('ZADD', P .. 'clocks', int(at), c.id) else redis.call('ZREM', P .. 'clocks', c.id) end
  end

  -- A channel's window closes so long after the customer's last words; what it asks for is due a margin before.
  local function open_window(c, p)
    local last = num(c.last_inbound_at)
    c.window_by = p.window > 0 and last > 0 and int(last + p.window - p.margin) or '0'
  end

  -- What the conversation's next version says of a clock that is stopped; `late` is how it stood, if not by its moment.
  local function judge(c, clock, late)
    local version = int(num(c.version) + 1)
    local said = string.match(c.judged or '', '^' .. version .. '( .*)$') or ''
    c.judged = version .. said .. ' ' .. clock .. (late and ':breached' or ':met')
  end

  local function stop(c, clock)
    local at = num(c[clock .. '_by'])
    c[clock .. '_by'] = '0'
    if at > 0 then judge(c, clock, at < NOW) end
  end

  -- The clock of the end stands while we wait for the customer, and keeps what is left of it.
  local function pause(c, p)
    if num(c.resolve_by) == 0 then return end
    c.resolve_left = int(math.max(0, opened(p.calendar, num(c.resolve_by)) - opened(p.calendar, NOW)))
    c.resolve_by = '0'
  end

  local function resume(c, p)
    if p.resolve == 0 or num(c.resolve_by) > 0 then return end
    c.resolve_by = int(later(p.calendar, NOW, num(c.resolve_left)))
  end

  -- Opened or reopened: by the customer, who waits from now on, or by us, who wait for them.
  function clocks.begin(c, text, ours)
    c.clocks, c.unanswered_at = text, ours and '0' or int(NOW)
    local p = promised(c)
    if not p then
      if c.resolve_left then c.first_reply_by, c.next_reply_by, c.resolve_by, c.window_by = '0', '0', '0', '0' end
      return
    end
    c.next_reply_by, c.resolve_by, c.resolve_left, c.first_reply_by, c.window_by = '0', '0', int(p.resolve), '0', '0'
    if ours then return end
    start(c, p, 'first_reply', p.first_reply)
    resume(c, p)
    open_window(c, p)
  end

  -- The customer wrote. Who was answered and writes again waits from now on; who waits already waits on. True if its place
  -- in a line may be another now.
  function clocks.heard(c)
    local waited = num(c.unanswered_at) > 0
    if not waited then c.unanswered_at = int(NOW) end
    local p = promised(c)
    if not p then return false end
    if not waited then start(c, p, 'next_reply', p.next_reply) end
    if c.status ~= 'snoozed' then resume(c, p) end
    open_window(c, p)
    return true
  end

  function clocks.answered(c)
    c.unanswered_at = '0'
    local p = promised(c)
    if not p then return end
    stop(c, 'first_reply')
    stop(c, 'next_reply')
    pause(c, p)
    put_in_order(c)
  end

  function clocks.rest(c)
    local p = promised(c)
    if p then pause(c, p); put_in_order(c) end
  end

  function clocks.wake(c)
    local p = promised(c)
    if p and num(c.unanswered_at) > 0 then resume(c, p); put_in_order(c) end
  end

  -- To another queue: what runs keeps its end, for it was promised to the customer. What only the new queue promises begins
  -- now, and what it does not promise is not begun any more; one that promises nothing at all leaves all as it is.
  function clocks.move(c, text)
    if text == '' then return end
    local before = promised(c)
    c.clocks = text
    local p = promised(c)
    local waits = num(c.unanswered_at) > 0
    if not before then open_window(c, p) end
    if not before or before.resolve == 0 then
      c.resolve_left = int(p.resolve)
      if waits then resume(c, p) end
    end
    local clock = num(c.replied_at) == 0 and 'first_reply' or 'next_reply'
    if waits and num(c.first_reply_by) + num(c.next_reply_by) == 0 then start(c, p, clock, p[clock]) end
  end

  -- Closed: an answer that was never given is breached if it is late, and owed no more if it is not.
  function clocks.finish(c)
    local p = promised(c)
    if not p then return end
    for _, clock in ipairs({ 'first_reply', 'next_reply' }) do
      if num(c[clock .. '_by']) > 0 and num(c[clock .. '_by']) < NOW then judge(c, clock, true) end
      c[clock .. '_by'] = '0'
    end
    if p.resolve > 0 then
      local by = num(c.resolve_by)
      judge(c, 'resolution', by > 0 and by < NOW or by == 0 and num(c.resolve_left) == 0)
    end
    c.resolve_by, c.window_by = '0', '0'
    redis.call('ZREM', P .. 'clocks', c.id)
  end

  -- When its queue's target ends. Before there were clocks, that was to be read off its place.
  function clocks.target(c)
    local at = num(c.target_at)
    return at > 0 and at or num(c.due) + num(c.priority) * HEAD_START_MS
  end

  -- What was promised to it first: the target, or a clock or the window that ends sooner.
  function clocks.soonest(c)
    local first = promised(c) and earliest(c, { 'first_reply_by', 'next_reply_by', 'resolve_by', 'window_by' })
    return math.min(clocks.target(c), first or math.huge)
  end

  -- Its place in the line: the target less the priority's head start, or sooner where a clock or the window ends sooner. A
  -- window that has closed asks for nothing any more.
  function clocks.place(c)
    local p = promised(c)
    if p and num(c.window_by) > 0 and num(c.window_by) + p.margin <= NOW then c.window_by = '0' end
    c.target_at = int(clocks.target(c))
    c.due = int(math.min(num(c.target_at) - num(c.priority) * HEAD_START_MS, clocks.soonest(c)))
    if p then put_in_order(c) end
  end
end
