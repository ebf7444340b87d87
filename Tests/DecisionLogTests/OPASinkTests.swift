import DecisionLog
import Downloads
import Foundation
import JSON
import Synchronization
import TestSupport
import Testing

/// Decisions to a service that takes OPA's decision logs, over real sockets.
@Suite struct OPASinkTests {
    private static func with(_ body: (DecisionLog, String) throws -> Void) throws {
        try TemporaryFolder.with { folder in
            let log = try DecisionLog(.init(directory: folder + "/spool"), sinks: [OPASink.name])
            defer { log.stop(within: 1) }
            try body(log, folder)
        }
    }

    private static func sink(_ receiver: String, token: String? = nil, bodyBytes: Int = UploadSink.bodyBytes) throws -> UploadSink {
        try OPASink.make(
            try WebAddress(receiver), token: token, version: "1.2.3", mask: LogMask(["/request/context/prompt"]), bodyBytes: bodyBytes)
    }

    private static func numbers(_ receiver: UploadReceiver) throws -> [Int64] {
        try receiver.events("/logs").compactMap { $0["input"]?["context"]?["n"]?.intValue }
    }

    @Test func `events are as OPA writes them`() throws {
        let receiver = try UploadReceiver()
        defer { receiver.stop() }
        try Self.with { log, _ in
            LogFixture.append(.init(number: 7, isAllowed: false, policies: ["eu-only"]), to: log)
            log.start([try Self.sink(receiver.url + "/", token: "secret-token")])
            #expect(eventually { log.status[0].backlog == 0 })
            let upload = try #require(receiver.taken("/logs").first)
            #expect(upload.fields["authorization"] == "Bearer secret-token")
            let event = try #require(try upload.json.arrayValue?.first)
            #expect(event["labels"]?["version"]?.stringValue == "1.2.3")
            #expect(event["labels"]?["id"]?.stringValue?.count == 36)
            #expect(event["decision_id"]?.stringValue == "00000000-0007-7000-8000-000000000007")
            #expect(event["trace_id"]?.stringValue == "00000000000000010000000000000002")
            #expect(event["path"]?.stringValue == "/v1/decisions")
            #expect(event["input"]?["subject"]?["type"]?.stringValue == "user")
            #expect(event["result"]?["decision"]?.boolValue == false)
            #expect(event["timestamp"]?.stringValue == "2026-09-21T14:13:20.000000007Z")
            #expect(event["custom"]?["caller"]?.stringValue == "service-account/gateway")
            #expect(event["metrics"]?["timer_server_handler_ns"]?.intValue != nil)
            #expect(event["masked"] == nil)
        }
    }

    @Test func `decisions wait for a receiver that is away, and each arrives once`() throws {
        let receiver = try UploadReceiver(isListening: false)
        defer { receiver.stop() }
        try Self.with { log, _ in
            for number in 0..<200 { LogFixture.append(.init(number: number), to: log) }
            log.start([try Self.sink(receiver.url)])
            #expect(eventually { log.status[0].failure != nil })
            for number in 200..<400 { LogFixture.append(.init(number: number), to: log) }
            #expect(log.status[0].backlog == 400)
            receiver.begin()
            #expect(eventually { log.status[0].backlog == 0 })
            #expect(try Self.numbers(receiver) == (0..<400).map { Int64($0) })
            #expect(log.status[0].lost == 0)
            #expect(eventually { log.status[0].failure == nil })
        }
    }

    @Test func `what is refused for what is in it is lost and counted, and nothing beside it`() throws {
        let receiver = try UploadReceiver { .init($0.text.contains("poison") ? 400 : 200) }
        defer { receiver.stop() }
        try Self.with { log, _ in
            let bad: Set<Int> = [0, 123, 124, 399]
            for number in 0..<400 { LogFixture.append(.init(number: number, context: bad.contains(number) ? "poison" : ""), to: log) }
            log.start([try Self.sink(receiver.url)])
            #expect(eventually { log.status[0].backlog == 0 })
            #expect(try Self.numbers(receiver) == (0..<400).filter { !bad.contains($0) }.map { Int64($0) })
            #expect(log.status[0].lost == 4)
            #expect(log.status[0].refusal?.contains("status 400") == true)
        }
    }

    @Test func `a failure in the midst of a batch neither repeats what was taken nor forgets what was refused`() throws {
        // The first half is refused down to one decision and taken; the second half meets a receiver that is busy for a while.
        let busy = Mutex(3)
        let receiver = try UploadReceiver { upload in
            if upload.text.contains("poison") { return .init(400) }
            guard upload.text.contains("\"n\":399") else { return .init(200) }
            return busy.withLock { left in
                left -= 1
                return .init(left >= 0 ? 503 : 200)
            }
        }
        defer { receiver.stop() }
        try Self.with { log, _ in
            for number in 0..<400 { LogFixture.append(.init(number: number, context: number == 5 ? "poison" : ""), to: log) }
            log.start([try Self.sink(receiver.url)])
            #expect(eventually { log.status[0].backlog == 0 })
            #expect(try Self.numbers(receiver) == (0..<400).filter { $0 != 5 }.map { Int64($0) })
            #expect(log.status[0].lost == 1)
        }
    }

    @Test func `a credential that is not taken is waited for`() throws {
        let isOpen = Mutex(false)
        let receiver = try UploadReceiver { _ in .init(isOpen.withLock { $0 } ? 200 : 401) }
        defer { receiver.stop() }
        try Self.with { log, _ in
            for number in 0..<50 { LogFixture.append(.init(number: number), to: log) }
            log.start([try Self.sink(receiver.url)])
            #expect(eventually { log.status[0].failure?.contains("status 401") == true })
            #expect(log.status[0].backlog == 50)
            isOpen.withLock { $0 = true }
            #expect(eventually { log.status[0].backlog == 0 })
            #expect(log.status[0].lost == 0)
        }
    }

    @Test func `a receiver that asks for time is left alone for it`() throws {
        let isFirst = Mutex(true)
        let receiver = try UploadReceiver { _ in
            isFirst.withLock { first in
                defer { first = false }
                return first ? .init(429, ["Retry-After": "2"]) : .init(200)
            }
        }
        defer { receiver.stop() }
        try Self.with { log, _ in
            LogFixture.append(.init(number: 1), to: log)
            log.start([try Self.sink(receiver.url)])
            #expect(eventually { log.status[0].backlog == 0 })
            let times = receiver.all.map(\.at)
            #expect(times.count == 2)
            #expect(try #require(times.last) - times[0] >= .seconds(2))
        }
    }

    @Test func `no body is larger than the limit`() throws {
        let receiver = try UploadReceiver { .init($0.body.count > 20_000 ? 413 : 200) }
        defer { receiver.stop() }
        try Self.with { log, _ in
            for number in 0..<300 { LogFixture.append(.init(number: number, context: String(repeating: "x", count: number)), to: log) }
            log.start([try Self.sink(receiver.url, bodyBytes: 20_000)])
            #expect(eventually { log.status[0].backlog == 0 })
            #expect(try Self.numbers(receiver) == (0..<300).map { Int64($0) })
            #expect(receiver.all.allSatisfy { $0.body.count <= 20_000 })
            #expect(log.status[0].lost == 0)
        }
    }

    @Test func `decisions of OPA instances are not sent on`() throws {
        let receiver = try UploadReceiver()
        defer { receiver.stop() }
        try Self.with { log, _ in
            var foreign = ForeignDecision(at: 1_790_000_000_000_000_000, id: (1, 2), isAllowed: true)
            foreign.request = Array("{}".utf8)
            foreign.decision = Array("{}".utf8)
            log.append(foreign)
            LogFixture.append(.init(number: 3), to: log)
            log.append(foreign)
            log.start([try Self.sink(receiver.url)])
            #expect(eventually { log.status[0].backlog == 0 })
            #expect(try Self.numbers(receiver) == [3])
            #expect(log.status[0].lost == 0)
        }
    }

    @Test func `a token that is more than one word is refused`() throws {
        for token in ["a b", "a\r\nX-Evil: 1", ""] {
            #expect(throws: WebAddress.Invalid.self) { try Self.sink("http://127.0.0.1:1", token: token) }
        }
    }
}
