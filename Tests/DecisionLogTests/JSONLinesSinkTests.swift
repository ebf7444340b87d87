import DecisionLog
import Foundation
import JSON
import TestSupport
import Testing

@Suite struct JSONLinesSinkTests {
    private static func log(_ folder: String) throws -> DecisionLog {
        var configuration = DecisionLog.Configuration(directory: folder + "/spool")
        configuration.segmentBytes = 1 << 16
        return try DecisionLog(configuration, sinks: [JSONLinesSink.name])
    }

    private static func start(_ log: DecisionLog?, _ folder: String) {
        log?.start([JSONLinesSink(path: folder + "/decisions.jsonl", interval: .milliseconds(10))])
    }

    private static func lines(_ path: String) throws -> [JSONValue] {
        let text = try String(contentsOfFile: path, encoding: .utf8)
        #expect(text.hasSuffix("\n"))
        return try text.split(separator: "\n").map { try JSONParser.parse(Array($0.utf8)) }
    }

    @Test func `each decision is a line of JSON, over restarts and a rotation`() throws {
        try TemporaryFolder.with { folder in
            let path = folder + "/decisions.jsonl"
            for round in 0..<3 {
                let log = try Self.log(folder)
                Self.start(log, folder)
                for number in 0..<100 { LogFixture.append(.init(number: round * 100 + number, context: "a\\nb"), to: log) }
                log.stop(within: 600)
            }
            let lines = try Self.lines(path)
            #expect(lines.map { $0["sequence"]?.intValue } == (0..<300).map { Int64($0) })
            #expect(lines.first?["request"]?["context"]?["prompt"]?.stringValue == "a\nb")
            #expect(lines.first?["caller"]?.stringValue == "service-account/gateway")
            try FileManager.default.moveItem(atPath: path, toPath: path + ".1")
            let log = try Self.log(folder)
            Self.start(log, folder)
            LogFixture.append(.init(number: 300), to: log)
            log.stop(within: 600)
            #expect(try Self.lines(path).count == 1)
            #expect(try Self.lines(path + ".1").count == 300)
        }
    }

    @Test func `a line that was not finished is taken away, and what is there already does not come again`() throws {
        try TemporaryFolder.with { folder in
            let path = folder + "/decisions.jsonl"
            var log: DecisionLog? = try Self.log(folder)
            for number in 0..<50 { LogFixture.append(.init(number: number), to: try #require(log)) }
            log = nil
            // As a process leaves it that was killed while it wrote: the lines are there, its own note of them is not.
            let spool = folder + "/spool"
            try FileManager.default.copyItem(atPath: spool, toPath: folder + "/before")
            log = try Self.log(folder)
            Self.start(log, folder)
            log?.stop(within: 600)
            log = nil
            try FileManager.default.removeItem(atPath: spool)
            try FileManager.default.moveItem(atPath: folder + "/before", toPath: spool)
            let whole = try Data(contentsOf: URL(fileURLWithPath: path))
            try whole.dropLast(20).write(to: URL(fileURLWithPath: path))
            log = try Self.log(folder)
            Self.start(log, folder)
            log?.stop(within: 600)
            #expect(try Data(contentsOf: URL(fileURLWithPath: path)) == whole)
        }
    }
}
