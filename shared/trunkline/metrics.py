"""The catalogue: every metric of every service, in one place. `docs/metrics.md` is generated from it.

Labels never hold an id, an address or a name of a person. Each router exports the shards it owns (and, where it owns
shard 0, what is not sharded), so `sum` over routers is right.
"""

from __future__ import annotations

from prometheus_client import Counter, Gauge, Histogram, disable_created_metrics

disable_created_metrics()  # type: ignore[no-untyped-call]  # a second series for each, which nobody asks for

_WAITS = (1, 2, 5, 10, 20, 30, 60, 120, 300, 600, 1_800, 3_600, 14_400, 86_400)
_FAST = (0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10)

# --- configuration ------------------------------------------------------------------------------------------
CONFIG_INFO = Gauge("trunkline_config_info", "1 for the version of trunkline.yaml in use.", ["version"])
CONFIG_RELOAD_FAILED = Gauge(
    "trunkline_config_reload_failed", "1 while trunkline.yaml cannot be used and an earlier version runs, else 0."
)

# --- ingest -------------------------------------------------------------------------------------------------
RECEIVED = Counter(
    "trunkline_ingest_requests_total", "Provider requests, by what we answered and why.", ["account", "outcome"]
)
ACCEPTED = Counter("trunkline_ingest_accepted_total", "Items put into the log, by kind.", ["account", "kind"])
PUBLISH_SECONDS = Histogram("trunkline_ingest_publish_seconds", "From verified to safely in the log.", buckets=_FAST)
MAIL_READ_SECONDS = Histogram("trunkline_ingest_mail_read_seconds", "Reading one mail, in its process.", buckets=_FAST)

CHAT_SOCKETS = Gauge("trunkline_chat_sockets", "Open sockets of visitors.", ["account"])
CHAT_FRAMES = Counter(
    "trunkline_chat_frames_total",
    "Frames from visitors, by kind and what became of them.",
    ["account", "kind", "outcome"],
)
CHAT_CATCH_UPS = Counter(
    "trunkline_chat_catch_ups_total", "Times the record was asked what a visitor missed, by why.", ["why"]
)
SIGNALS_DROPPED = Counter(
    "trunkline_signals_dropped_total", "Signals (typing, numbered messages) that could not be told; of every service."
)

# --- router -------------------------------------------------------------------------------------------------
APPLIED = Counter("trunkline_router_applied_total", "Items of `inbound` applied to the board, by outcome.", ["outcome"])
INBOUND_LAG = Gauge("trunkline_router_inbound_lag", "Items of `inbound` not yet applied.", ["shard"])
UNRELAYED = Gauge("trunkline_outbox_entries", "Outbox entries read and not yet in the log.", ["shard"])
UNRELAYED_AGE = Gauge("trunkline_outbox_age_seconds", "Age of the oldest un-relayed outbox entry.", ["shard"])
RELAYED = Counter("trunkline_relayed_total", "Events relayed to `routing-events`, by type.", ["type"])
SHARDS = Gauge("trunkline_shards", "Shards of the deployment: as many must be verified, over all routers.")
VERIFIED = Gauge("trunkline_board_verified", "1 while this router owns the shard and has verified it.", ["shard"])
REBUILDS = Counter("trunkline_board_rebuilds_total", "Boards built anew from the log.")
REBUILD_SECONDS = Gauge("trunkline_board_rebuild_seconds", "How long the last rebuild took.")
TAKEOVERS = Counter("trunkline_shard_takeovers_total", "Shards taken and verified, by what made it necessary.", ["why"])
TIMER_FAILURES = Counter("trunkline_timer_failures_total", "Timers that failed on the board: bugs, every one.")
STRANDED = Counter(
    "trunkline_sweep_found_total", "Waiting work the sweep found beside a free agent; each is a bug: none is expected."
)
TOLD = Counter(
    "trunkline_told_total",
    "Words without an agent that the board asked for, by kind and what became of it: said, unsaid (no longer true, said"
    " before, not to be said there), gone (an agent came).",
    ["kind", "outcome"],
)
QUEUE_SHUT = Gauge(
    "trunkline_queue_shut", "1 while somebody has shut the queue; no series while it is open.", ["queue"]
)
RECOUNTED = Counter(
    "trunkline_counters_repaired_total", "Counters of agents' room that were wrong; each is a bug: none is expected."
)
CONFIRMATIONS = Counter(
    "trunkline_dedupe_confirmations_total", "Filter hits the record was asked about, by its answer.", ["answer"]
)
RULE_FAILURES = Counter("trunkline_rule_failures_total", "Rules that failed at run time, which is no match.", ["rule"])
WAITING = Gauge("trunkline_queue_waiting", "Conversations waiting for an agent.", ["queue", "channel"])
OLDEST = Gauge("trunkline_queue_oldest_seconds", "Age of the longest waiting.", ["queue", "channel"])
SLACK = Gauge(
    "trunkline_queue_slack_seconds", "Time left to the most urgent target; negative: missed.", ["queue", "channel"]
)
ELIGIBLE = Gauge(
    "trunkline_queue_eligible_agents", "Most agents available for one of its requirements.", ["queue", "channel"]
)
UNSERVED = Gauge(
    "trunkline_queue_unserved",
    "Conversations waiting for whom no available agent has the skills.",
    ["queue", "channel"],
)
OFFERS = Counter(
    "trunkline_offers_total",
    "Offers by outcome, one for each agent asked; why those rescinded were.",
    ["queue", "channel", "outcome", "reason"],
)
WAIT_SECONDS = Histogram("trunkline_wait_seconds", "From queued to accepted.", ["queue", "channel"], buckets=_WAITS)
FIRST_REPLY_SECONDS = Histogram(
    "trunkline_first_reply_seconds", "From opened to the first reply.", ["queue", "channel"], buckets=_WAITS
)
CLOCKS = Counter(
    "trunkline_clocks_total",
    "Clocks that ended (first reply, next reply, resolution), by whether in time.",
    ["queue", "clock", "outcome"],
)
AGENTS = Gauge(
    "trunkline_agents",
    "Agents on the board, by presence; who is available and takes no new work: draining.",
    ["presence"],
)
FREE_ROOM = Gauge("trunkline_agents_free_capacity", "Weights that available agents could still take.")
CHECKPOINTS = Counter("trunkline_checkpoints_total", "Checkpoints written.")
DEAD_LETTERS = Counter("trunkline_dead_letters_total", "Records set aside with their reason, by topic.", ["topic"])
LEDGER = Gauge(
    "trunkline_ledger_open",
    "Accepted items with no end yet: in `inbound` or the outbox, not in the log's story.",
    ["shard"],
)

# --- agents -------------------------------------------------------------------------------------------------
SOCKETS = Gauge("trunkline_desk_sockets", "Open desk sockets.")
FRAMES = Counter("trunkline_desk_frames_total", "Frames sent to desks.")
RESUMES = Counter("trunkline_desk_resumes_total", "Desk reconnections, by how they went on.", ["how"])
ACTIONS = Counter("trunkline_desk_actions_total", "Agents' actions, by verb and answer.", ["verb", "answer"])
ACTION_SECONDS = Histogram("trunkline_desk_action_seconds", "From action to its event in the log.", buckets=_FAST)
UNROUTABLE = Gauge(
    "trunkline_queue_unroutable",
    "Conversations waiting that no enabled agent of the whole roster could ever take as they are. Each agents service "
    "reckons all of it: take `max`, not `sum`.",
    ["queue"],
)
PROJECTED = Counter("trunkline_projected_records_total", "Records applied to the record.")
PROJECTION_LAG = Gauge("trunkline_projection_lag", "Records of the log not yet in the record.", ["topic"])

# --- notify -------------------------------------------------------------------------------------------------
ATTEMPTS = Counter("trunkline_notify_attempts_total", "Calls to providers, by outcome.", ["account", "outcome"])
DELIVERIES = Counter(
    "trunkline_notify_deliveries_total", "Replies that came to an end, by how.", ["account", "outcome"]
)
POSSIBLE_DUPLICATES = Counter(
    "trunkline_notify_possible_duplicates_total", "Replies sent again because an outcome was unknown.", ["account"]
)
SEND_SECONDS = Histogram("trunkline_notify_send_seconds", "One provider call.", ["account"], buckets=_FAST)
BREAKER = Gauge("trunkline_notify_breaker_open", "1 while an account's breaker keeps calls back.", ["account"])
UNSENT = Gauge("trunkline_notify_unsent", "Replies known and not yet final.", ["shard"])
