import HTTPService
import Testing

@Suite struct MetricsTests {
    static func render(_ registry: MetricsRegistry) -> String {
        String(decoding: registry.render(), as: UTF8.self)
    }

    @Test func `the page is ordered, escaped and cumulative`() throws {
        let registry = MetricsRegistry()
        let total = try registry.counter("b_total", help: "Back\\slash\nand \"line\".", labels: ["x", "y"])
        total.labels("q\"\\\n", "2").increment(by: 3)
        total.labels("a", "1").increment()
        let gauge = try registry.gauge("a_bytes", help: "Bytes.").labels()
        gauge.set(2.5)
        gauge.add(-1)
        try registry.gauge("c_seconds", help: "Read.") { .infinity }
        let histogram = try registry.histogram("d_seconds", help: "Time.", labels: ["r"], buckets: [0.1, 1]).labels("z")
        for value in [0.1, 0.5, 7, Double.nan] { histogram.observe(value) }
        #expect(
            Self.render(registry) == """
                # HELP a_bytes Bytes.
                # TYPE a_bytes gauge
                a_bytes 1.5
                # HELP b_total Back\\\\slash\\nand "line".
                # TYPE b_total counter
                b_total{x="a",y="1"} 1
                b_total{x="q\\"\\\\\\n",y="2"} 3
                # HELP c_seconds Read.
                # TYPE c_seconds gauge
                c_seconds +Inf
                # HELP d_seconds Time.
                # TYPE d_seconds histogram
                d_seconds_bucket{r="z",le="0.1"} 1
                d_seconds_bucket{r="z",le="1"} 2
                d_seconds_bucket{r="z",le="+Inf"} 3
                d_seconds_sum{r="z"} 7.6
                d_seconds_count{r="z"} 3

                """)
    }

    @Test func `a name is taken once`() throws {
        let registry = MetricsRegistry()
        let first = try registry.counter("x_total", help: "X.", labels: ["a"])
        #expect(try registry.counter("x_total", help: "X.", labels: ["a"]) === first)
        #expect(throws: MetricsError.conflict("x_total")) { try registry.counter("x_total", help: "X.", labels: ["b"]) }
        _ = try registry.histogram("h", help: "H.")
        #expect(throws: MetricsError.conflict("h_sum")) { try registry.gauge("h_sum", help: "") }
        _ = try registry.gauge("g_count", help: "")
        #expect(throws: MetricsError.conflict("g_count")) { try registry.histogram("g", help: "") }
    }

    @Test func `names, labels and buckets are checked`() {
        let registry = MetricsRegistry()
        #expect(throws: MetricsError.invalidName("1_total")) { try registry.counter("1_total", help: "") }
        #expect(throws: MetricsError.invalidName("")) { try registry.gauge("", help: "") }
        #expect(throws: MetricsError.misplacedTotalSuffix("x")) { try registry.counter("x", help: "") }
        #expect(throws: MetricsError.misplacedTotalSuffix("x_total")) { try registry.gauge("x_total", help: "") }
        #expect(throws: MetricsError.invalidLabel("__a", metric: "x")) { try registry.gauge("x", help: "", labels: ["__a"]) }
        #expect(throws: MetricsError.invalidLabel("a", metric: "x")) { try registry.gauge("x", help: "", labels: ["a", "a"]) }
        #expect(throws: MetricsError.invalidLabel("le", metric: "x")) { try registry.histogram("x", help: "", labels: ["le"]) }
        #expect(throws: MetricsError.invalidBuckets(metric: "x")) { try registry.histogram("x", help: "", buckets: [1, 1]) }
        #expect(registry.render().isEmpty)
    }

    @Test func `concurrent increments are all counted`() async throws {
        let registry = MetricsRegistry()
        let counter = try registry.counter("x_total", help: "")
        let histogram = try registry.histogram("y", help: "", buckets: [1]).labels()
        await withTaskGroup(of: Void.self) { group in
            for _ in 0..<8 {
                group.addTask {
                    for _ in 0..<1000 {
                        counter.labels().increment()
                        histogram.observe(0.5)
                    }
                }
            }
        }
        #expect(Self.render(registry).sample("x_total") == 8000)
        #expect(Self.render(registry).sample("y_sum") == 4000)
        #expect(Self.render(registry).sample("y_count") == 8000)
    }

    @Test func `requests are counted by method, route and status`() async throws {
        try await TestService.run { service in
            for (line, count) in [("GET /items/1", 2), ("GET /absent", 1), ("BREW /x", 1), ("DELETE /hello", 1)] {
                for _ in 0..<count { _ = try await service.exchange("\(line) HTTP/1.1\r\nHost: a\r\n\r\n") }
            }
            let page = service.page
            #expect(page.sample("charter_http_requests_total{method=\"GET\",route=\"/items/{name}\",status=\"200\"}") == 2)
            #expect(page.sample("charter_http_requests_total{method=\"GET\",route=\"none\",status=\"404\"}") == 1)
            #expect(page.sample("charter_http_requests_total{method=\"none\",route=\"none\",status=\"501\"}") == 1)
            #expect(page.sample("charter_http_requests_total{method=\"DELETE\",route=\"/hello\",status=\"405\"}") == 1)
            #expect(page.sample("charter_http_request_duration_seconds_count{route=\"/items/{name}\"}") == 2)
            // Every line is a comment or a series with a number.
            for line in page.split(separator: "\n") where !line.hasPrefix("# ") {
                #expect(line.split(separator: " ").last.flatMap { Double($0) } != nil, "\(line)")
            }
        }
    }
}
