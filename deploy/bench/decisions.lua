-- Decisions, one a request: wrk -t1 -c64 -d10 --latency -s deploy/bench/decisions.lua http://127.0.0.1:8181 -- requests.jsonl
-- The file holds one request a line, as `charter bench decisions --keep FOLDER` leaves it.

local requests = {}
local next = 1

function init(args)
    local path = args[1] or "requests.jsonl"
    local file = assert(io.open(path), "cannot open " .. path)
    for line in file:lines() do
        if #line > 0 then
            requests[#requests + 1] = wrk.format("POST", "/v1/decisions", { ["Content-Type"] = "application/json" }, line)
        end
    end
    file:close()
    assert(#requests > 0, path .. " holds no request")
end

function request()
    next = next % #requests + 1
    return requests[next]
end

function done(summary, latency, _)
    local errors = summary.errors
    io.write(string.format(
        "requests_per_s %.0f\np50_us %.0f\np99_us %.0f\nfailed_count %d\n", summary.requests / summary.duration * 1e6,
        latency:percentile(50), latency:percentile(99),
        errors.status + errors.connect + errors.read + errors.write + errors.timeout))
end
