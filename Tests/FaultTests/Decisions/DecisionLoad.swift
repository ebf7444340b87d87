import Foundation
import HTTPLoad
import JSON
import Postgres
import TestSupport
import Testing

/// Requests to the example organisation, without a pause, while something goes wrong.
enum DecisionLoad {
    static let connections = 16

    /// Half of them are denied, and open violations.
    static let requests = [Requests.everyday, Requests.costly].map { LoadGenerator.post("/v1/decisions", JSONWriter.bytes($0)) }

    /// Asks for as long as `body` takes, and `seconds` at least.
    ///
    /// - Parameter endsServer: whether `body` ends the server, so that nobody may answer any more before it has said so.
    static func run(_ client: HTTPClient, seconds: Double = 1, endsServer: Bool = false, during body: () throws -> Void) throws
        -> LoadGenerator.Result
    {
        let port = Int(client.port)
        let end = StopSignal()
        let load = Background { () throws -> LoadGenerator.Result in
            var total = LoadGenerator.Result()
            let generator = LoadGenerator(port: port, connections: connections, requests: requests)
            // In short parts, so that it ends soon after it was told to. What is on its way at the end of a part is answered, and not counted here.
            repeat {
                let part: LoadGenerator.Result
                do {
                    part = try generator.run(seconds: min(1, seconds))
                } catch {
                    if !endsServer || total.requests == 0 { throw error }
                    usleep(20_000)
                    continue
                }
                total.requests += part.requests
                total.failures += part.failures
                total.seconds += part.seconds
                total.firstFailure = total.firstFailure ?? part.firstFailure
                total.latencies += part.latencies
            } while !end.isSet
            total.latencies.sort()
            return total
        }
        do {
            try body()
        } catch {
            end.isSet = true
            _ = try? load.value(within: .seconds(600))
            throw error
        }
        end.isSet = true
        return try load.value(within: .seconds(600))
    }

    final class StopSignal: @unchecked Sendable {
        private let lock = NSLock()
        private var flag = false

        var isSet: Bool {
            get { lock.withLock { flag } }
            set { lock.withLock { flag = newValue } }
        }
    }

    /// What became of decisions, once nothing waits any more.
    struct Account: Equatable {
        /// As the server counts answers.
        var answered: Int
        /// Sequences of the log.
        var taken: Int
        var recorded: Int
        var lost: Int
    }

    /// Waits until nothing waits on disk, and nothing that was on its way at the end of the load is decided any more.
    static func account(_ client: HTTPClient, _ database: PostgresConnection) throws -> Account {
        var account = try look(client, database)
        let isDrained = try eventually(within: .seconds(600)) {
            let isEmpty = try client.metric(#"charter_decision_log_backlog_decisions{sink="postgres"}"#) == 0
            let before = account
            usleep(200_000)
            account = try look(client, database)
            return isEmpty && account == before
        }
        #expect(isDrained, "decisions still wait for the database")
        return account
    }

    private static func look(_ client: HTTPClient, _ database: PostgresConnection) throws -> Account {
        func number(_ query: String) throws -> Int { try database.query(query).first?.int("n") ?? -1 }
        let metrics = try client.get("/metrics").text
        func sum(_ name: String) -> Int {
            metrics.split(separator: "\n").filter { $0.hasPrefix(name + "{") || $0.hasPrefix(name + " ") }
                .reduce(0) { $0 + Int(Double($1.split(separator: " ").last ?? "") ?? 0) }
        }
        return Account(
            answered: sum("charter_decisions_total"), taken: sum("charter_decision_log_taken_decisions"),
            recorded: try number("SELECT count(*) AS n FROM runtime.decisions"),
            lost: try number("SELECT coalesce(sum(lost), 0) AS n FROM runtime.decision_streams"))
    }

    /// What every decision comes to in the tables, whatever has happened.
    static func expectWhole(_ database: PostgresConnection) throws {
        func number(_ query: String) throws -> Int { try database.query(query).first?.int("n") ?? -1 }
        #expect(
            try number("SELECT count(*) AS n FROM (SELECT FROM runtime.decisions GROUP BY stream, sequence HAVING count(*) > 1) AS twice")
                == 0)
        #expect(try number("SELECT count(*) AS n FROM (SELECT FROM runtime.decisions GROUP BY id HAVING count(*) > 1) AS twice") == 0)
        // Each denial is an occurrence of the one violation there can be on a day.
        let denials = try number("SELECT count(*) AS n FROM runtime.decisions WHERE policies IS NOT NULL")
        #expect(try number("SELECT coalesce(sum(occurrences), 0) AS n FROM runtime.violations") == denials)
        #expect(
            try number("SELECT count(*) AS n FROM runtime.violations")
                == number(
                    "SELECT count(*) AS n FROM (SELECT DISTINCT unnest(policies), subject_id, (at AT TIME ZONE 'UTC')::date FROM runtime.decisions) AS days"
                ))
    }
}
