-- wrk has no rate: each connection pauses before each request, by chance between nothing and twice the mean, so that
-- they do not march in step. Prints the quantiles that wrk's own summary leaves out.
function init(args)
  pause_ms_max = 2 * tonumber(args[1])
end

function delay()
  return math.random(0, pause_ms_max)
end

function done(summary, latency, requests)
  for _, percent in ipairs({50, 90, 95, 99, 99.9}) do
    io.write(string.format("quantile %s %d\n", percent, latency:percentile(percent)))
  end
  io.write(string.format("requests %d\n", summary.requests))
end
