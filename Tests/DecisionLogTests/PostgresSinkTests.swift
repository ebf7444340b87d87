import DecisionLog
import Foundation
import JSON
import Postgres
import TestSupport
import Testing

/// Decisions that are appended are rows in Postgres, once each.
@Suite struct PostgresSinkTests {
    private static func log(
        _ folder: String, _ database: MigratedDatabase, mask: [String] = [], sampling: Double = 1, segmentBytes: Int = 1 << 16,
        maxBytes: Int = 1 << 24
    ) throws -> DecisionLog {
        var configuration = DecisionLog.Configuration(directory: folder + "/spool")
        configuration.segmentBytes = segmentBytes
        configuration.maxBytes = maxBytes
        configuration.sampling = sampling
        if !mask.isEmpty { configuration.mask = try LogMask(mask) }
        return try DecisionLog(configuration, sinks: [PostgresSink.name])
    }

    private static func start(_ log: DecisionLog, _ database: MigratedDatabase) {
        log.start([PostgresSink(database.configuration, interval: .milliseconds(10))])
    }

    @Test func `each decision is a row, with its columns`() throws {
        try TemporaryFolder.with { folder in
            let database = try MigratedDatabase()
            let log = try Self.log(folder, database, mask: ["/request/context/prompt"])
            Self.start(log, database)
            for number in 0..<500 {
                LogFixture.append(.init(number: number, isAllowed: number % 5 != 0, context: "hush"), to: log)
            }
            log.stop(within: 600)
            #expect(log.status.first?.failure == nil)
            #expect(try database.value("SELECT count(*) FROM runtime.decisions") == "500")
            #expect(try database.value("SELECT count(*) FROM runtime.decisions WHERE NOT allowed") == "100")
            #expect(try database.value("SELECT count(DISTINCT sequence) FROM runtime.decisions") == "500")
            #expect(try database.value("SELECT count(*) FROM runtime.decisions_20260921") == "500")
            #expect(
                try database.value(
                    "SELECT concat_ws(' ', subject_type, subject_id, action, resource_type, resource_id, caller, path, masked, encode(trace_id, 'hex')) FROM runtime.decisions LIMIT 1"
                ) == "user ada llm.chat model p/m service-account/gateway /v1/decisions t 00000000000000010000000000000002")
            #expect(try database.value("SELECT count(*) FROM runtime.decisions WHERE request LIKE '%hush%'") == "0")
            #expect(try database.value("SELECT sum((request::jsonb #>> '{context,n}')::int) FROM runtime.decisions") == "\(499 * 500 / 2)")
            #expect(try database.value("SELECT concat_ws(' ', next_sequence, recorded, lost) FROM runtime.decision_streams") == "500 500 0")
        }
    }

    @Test func `a database that is gone for a while gets everything once, in order`() throws {
        try TemporaryFolder.with { folder in
            let database = try MigratedDatabase()
            let log = try Self.log(folder, database)
            Self.start(log, database)
            let owner = try database.connect()
            defer { owner.close() }
            var number = 0
            for _ in 0..<20 {
                for _ in 0..<50 {
                    LogFixture.append(.init(number: number), to: log)
                    number += 1
                }
                // Whatever the connection was doing at this moment: copying, committing, nothing.
                _ = try owner.query(
                    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND application_name = 'charter decisions'"
                )
                usleep(UInt32.random(in: 0...20_000))
            }
            log.stop(within: 600)
            #expect(try database.value("SELECT count(*) FROM runtime.decisions") == "1000")
            #expect(try database.value("SELECT count(DISTINCT sequence) FROM runtime.decisions") == "1000")
            #expect(try database.value("SELECT lost FROM runtime.decision_streams") == "0")
        }
    }

    @Test func `what waits on disk goes to the database after a restart, and what is beyond the bound is counted`() throws {
        try TemporaryFolder.with { folder in
            let database = try MigratedDatabase()
            // Not started: as if the database were away all the time.
            var log: DecisionLog? = try Self.log(folder, database, maxBytes: 4 << 16)
            for number in 0..<2_000 { LogFixture.append(.init(number: number), to: try #require(log)) }
            let lost = try #require(log?.status.first).lost
            #expect(lost > 0)
            log = nil
            let again = try Self.log(folder, database, maxBytes: 4 << 16)
            Self.start(again, database)
            LogFixture.append(.init(number: 2_000), to: again)
            again.stop(within: 600)
            let recorded = try #require(Int(database.value("SELECT count(*) FROM runtime.decisions") ?? ""))
            #expect(recorded + Int(lost) == 2_001)
            #expect(again.status.first?.lost == lost)
            // What was given up before the database was ever reached is told there too.
            #expect(
                try database.value("SELECT concat_ws(' ', first_sequence, next_sequence, lost) FROM runtime.decision_streams")
                    == "0 2001 \(lost)")
        }
    }

    @Test(
        "decisions that the database cannot hold are lost alone, and counted",
        arguments: [[5], [0], [9], [2, 7], [4, 5], [0, 1, 2, 8, 9], Array(0..<10)])
    func refused(_ refused: [Int]) throws {
        try TemporaryFolder.with { folder in
            let database = try MigratedDatabase()
            let log = try Self.log(folder, database)
            for number in 0..<10 {
                // As late as a number can tell: a day without a partition of its own.
                var decision = LogFixture.Decision(number: number)
                if number == 3 { decision.at = .max - 100 }
                LogFixture.append(decision, to: log)
            }
            let owner = try database.connect()
            defer { owner.close() }
            try owner.script(
                """
                CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS
                $$ BEGIN IF NEW.sequence IN (\(refused.map(String.init).joined(separator: ","))) THEN RAISE EXCEPTION 'no' USING ERRCODE = '22000'; END IF; RETURN NEW; END $$;
                CREATE TRIGGER refuse BEFORE INSERT ON runtime.decisions FOR EACH ROW EXECUTE FUNCTION refuse()
                """)
            Self.start(log, database)
            log.stop(within: 600)
            #expect(log.status.first?.failure == nil)
            #expect(log.status.first?.lost == UInt64(refused.count))
            #expect(log.status.first?.refusal?.contains("no") == true)
            #expect(
                try database.value("SELECT concat_ws(' ', next_sequence, recorded, lost) FROM runtime.decision_streams")
                    == "10 \(10 - refused.count) \(refused.count)")
            let kept = Set(0..<10).subtracting(refused).sorted().map(String.init).joined(separator: ",")
            #expect(
                try database.value("SELECT coalesce(string_agg(sequence::text, ',' ORDER BY sequence), '') FROM runtime.decisions") == kept)
        }
    }

    @Test func `sampling leaves out permissions and never a denial, nor one in which a rule took effect`() throws {
        try TemporaryFolder.with { folder in
            let database = try MigratedDatabase()
            let log = try Self.log(folder, database, sampling: 0)
            for number in 0..<30 {
                LogFixture.append(.init(number: number, isAllowed: number % 3 != 0, policies: number % 3 == 1 ? ["p"] : []), to: log)
            }
            Self.start(log, database)
            log.stop(within: 600)
            #expect(log.status.first?.failure == nil)
            #expect(try database.value("SELECT count(*) FROM runtime.decisions") == "20")
            #expect(log.counts.taken == 20 && log.counts.unsampled == 10)
        }
    }

    @Test func `violations are opened once for each policy, subject and day, counted, and opened again when they come back`() throws {
        try TemporaryFolder.with { folder in
            let database = try MigratedDatabase()
            let log = try Self.log(folder, database)
            Self.start(log, database)
            let day: Int64 = 86_400_000_000_000
            for number in 0..<100 {
                LogFixture.append(
                    .init(
                        number: number, isAllowed: number % 2 == 0, subject: number < 60 ? "ada" : "bob", policies: ["p", "q", "p"],
                        at: 1_790_000_000_000_000_000 + (number < 30 ? 0 : day)), to: log)
            }
            #expect(
                try eventually { try database.value("SELECT recorded FROM runtime.decision_streams") == "100" })
            let summary =
                "SELECT string_agg(concat_ws(' ', policy, subject_id, occurrences, denials, status), ',' ORDER BY policy, subject_id, window_start) FROM runtime.violations"
            #expect(
                try database.value(summary)
                    == "p ada 30 15 open,p ada 30 15 open,p bob 40 20 open,q ada 30 15 open,q ada 30 15 open,q bob 40 20 open")
            let owner = try database.connect()
            defer { owner.close() }
            // Long before the next occurrence, which the fixture dates in the year 2026.
            try owner.script("UPDATE runtime.violations SET status = 'resolved', changed_at = '2026-01-01' WHERE policy = 'p'")
            try owner.script("UPDATE runtime.violations SET status = 'resolved', changed_at = '2999-01-01' WHERE policy = 'q'")
            LogFixture.append(.init(number: 200, subject: "bob", policies: ["p", "q"], at: 1_790_000_000_000_000_000 + day), to: log)
            log.stop(within: 600)
            #expect(log.status.first?.failure == nil)
            #expect(
                try database.value(
                    "SELECT concat_ws(' ', occurrences, status, reopened) FROM runtime.violations WHERE policy = 'p' AND subject_id = 'bob'"
                )
                    == "41 open 1")
            // It happened before it was resolved, and was told later.
            #expect(
                try database.value(
                    "SELECT concat_ws(' ', occurrences, status, reopened) FROM runtime.violations WHERE policy = 'q' AND subject_id = 'bob'"
                )
                    == "41 resolved 0")
        }
    }

    @Test func `a violation that occurs again is changed in its page, and no index with it`() throws {
        try TemporaryFolder.with { folder in
            let database = try MigratedDatabase()
            let log = try Self.log(folder, database)
            Self.start(log, database)
            for round in 0..<20 {
                for subject in 0..<10 { LogFixture.append(.init(number: round, subject: "s\(subject)", policies: ["p"]), to: log) }
                #expect(try eventually { try database.value("SELECT sum(occurrences) FROM runtime.violations") == "\(10 * (round + 1))" })
            }
            log.stop(within: 600)
            // The server counts a moment later.
            let updates = "FROM pg_stat_user_tables WHERE schemaname = 'runtime' AND relname = 'violations'"
            #expect(try eventually { try database.value("SELECT n_tup_upd >= 190 \(updates)") == "t" })
            #expect(try database.value("SELECT n_tup_hot_upd = n_tup_upd \(updates)") == "t")
        }
    }

    @Test func `violations are found by when they occurred, at whatever time of their day`() async throws {
        let folder = try TemporaryFolder.make()
        defer { TemporaryFolder.remove(folder) }
        let database = try MigratedDatabase()
        let log = try Self.log(folder, database)
        Self.start(log, database)
        // From 2026-09-21T00:00:00Z on, an hour and then thirty in a day's turn.
        let midnight: Int64 = 1_789_948_800_000_000_000
        let hour: Int64 = 3_600_000_000_000
        let hours: [Int64] = [0, 1, 12, 23, 24, 47, 48, 71, 95]
        for (number, at) in hours.enumerated() {
            LogFixture.append(.init(number: number, subject: "s\(at)", policies: ["p"], at: midnight + at * hour), to: log)
        }
        log.stop(within: 600)
        let store = RuntimeStore()
        store.open(database.configuration)
        defer { store.close() }
        func time(_ hour: Int64) -> String {
            Date(timeIntervalSince1970: Double(midnight / 1_000_000_000 + hour * 3600)).formatted(.iso8601)
        }
        for bound in Int64(0)...96 {
            var filter = ViolationFilter()
            filter.since = time(bound)
            let later = try await store.violations(filter).items.compactMap { $0["subject"]?["id"]?.stringValue }
            #expect(Set(later) == Set(hours.filter { $0 >= bound }.map { "s\($0)" }), "since \(time(bound))")
            (filter.since, filter.until) = (nil, time(bound))
            let earlier = try await store.violations(filter).items.compactMap { $0["subject"]?["id"]?.stringValue }
            #expect(Set(earlier) == Set(hours.filter { $0 < bound }.map { "s\($0)" }), "until \(time(bound))")
        }
    }

    @Test func `what need not be kept any more is removed, whole days of decisions at a time`() throws {
        try TemporaryFolder.with { folder in
            let database = try MigratedDatabase()
            let log = try Self.log(folder, database)
            Self.start(log, database)
            let now = Int64(Date().timeIntervalSince1970 * 1e9)
            let day: Int64 = 86_400_000_000_000
            for (number, age) in [0, 1, 5, 10, 40].enumerated() {
                LogFixture.append(.init(number: number, subject: "s\(number)", policies: ["p"], at: now - Int64(age) * day), to: log)
            }
            log.stop(within: 600)
            var retention = Retention()
            #expect(try retention.apply(database.configuration) == .init())
            retention.decisions = 7 * 86_400
            retention.violations = 20 * 86_400
            let outcome = try retention.apply(database.configuration)
            #expect(outcome.days == 2 && outcome.violations == 1)
            #expect(try database.value("SELECT count(*) FROM runtime.decisions") == "3")
            #expect(try database.value("SELECT string_agg(subject_id, ',' ORDER BY subject_id) FROM runtime.violations") == "s0,s1,s2,s3")
            #expect(try retention.apply(database.configuration) == .init())
        }
    }
}
