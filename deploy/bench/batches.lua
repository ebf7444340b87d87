-- Decisions, a hundred a request: wrk -t1 -c8 -d10 -s deploy/bench/batches.lua http://127.0.0.1:8181 -- requests.jsonl [answer]
-- `answer` is `full` or `decision`, of which the second leaves out everything but ids and decisions.

local size = 100
local batches = {}
local next = 1

function init(args)
    local path = args[1] or "requests.jsonl"
    local target = "/v1/decisions/batch" .. (args[2] == "decision" and "?fields=decision" or "")
    local file = assert(io.open(path), "cannot open " .. path)
    local lines = {}
    for line in file:lines() do
        if #line > 0 then lines[#lines + 1] = line end
        if #lines == size then
            local body = '{"requests":[' .. table.concat(lines, ",") .. "]}"
            batches[#batches + 1] = wrk.format("POST", target, { ["Content-Type"] = "application/json" }, body)
            lines = {}
        end
    end
    file:close()
    assert(#batches > 0, path .. " holds fewer than a hundred requests")
end

function request()
    next = next % #batches + 1
    return batches[next]
end

function done(summary, _, _)
    local errors = summary.errors
    io.write(string.format(
        "batch_decisions_per_s %.0f\nfailed_count %d\n", summary.requests * size / summary.duration * 1e6,
        errors.status + errors.connect + errors.read + errors.write + errors.timeout))
end
