// A worker, because a hidden page's own timers run once a minute and the agent's lease would end.
setInterval(() => postMessage(0), 1000);
