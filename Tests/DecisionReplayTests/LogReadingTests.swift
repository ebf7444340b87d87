import Compression
import DecisionReplay
import Foundation
import Testing

/// Logs as files: plain, folded, large, and none.
@Suite struct LogReadingTests {
    private typealias Fixture = ReplayFixture

    private static func replay(_ bytes: [UInt8], threads: Int = 2) throws -> ImpactReport {
        let engine = try Fixture.engine()
        return try Fixture.withLog(bytes) { try DecisionReplay(base: engine, head: engine).run($0, threads: threads) }
    }

    private static func gzip(_ bytes: [UInt8]) throws -> [UInt8] { try #require(bytes.withUnsafeBytes { Gzip.deflate($0) }) }

    @Test func `a folded log is read as the plain one, whole or in members`() throws {
        let text = (0..<9_000).map { Fixture.line(Fixture.request($0 % 2 == 0 ? "ada" : "eve", input: $0)) + "\n" }.joined()
        let bytes = Array(text.utf8)
        let plain = try Self.replay(bytes)
        #expect(plain.replayedCount == 9_000 && plain.stillDeniedCount == 4_500)
        #expect(try Self.replay(try Self.gzip(bytes)) == plain)
        // As programs do that append to a folded log: a member does not end where a line does.
        let parts = [0..<1, 1..<1_000_001, 1_000_001..<bytes.count]
        #expect(try Self.replay(try parts.flatMap { try Self.gzip(Array(bytes[$0])) }) == plain)
    }

    @Test func `the last line needs no end, and lines of windows have one more`() throws {
        let line = Fixture.line(Fixture.request())
        #expect(try Self.replay(Array("\(line)\n\(line)".utf8)).replayedCount == 2)
        #expect(try Self.replay(Array("\(line)\r\n\r\n\(line)\r\n".utf8)).replayedCount == 2)
        for text in ["", "\n", "\n \n\t\n"] { #expect(try Self.replay(Array(text.utf8)).lineCount == 0) }
        #expect(try Self.replay([0x1f]).faultCounts[.malformed] == 1)
    }

    @Test func `a line of more than a piece is one record`() throws {
        let long = Fixture.line(Fixture.request(context: #","prompt":"\#(String(repeating: "y", count: 5 << 20))""#))
        let short = Fixture.line(Fixture.request())
        let report = try Self.replay(Array([short, long, short, "x"].joined(separator: "\n").utf8))
        #expect(report.replayedCount == 3 && report.faults.map(\.line) == [4])
    }

    @Test func `what is no log is refused with its name`() throws {
        let engine = try Fixture.engine()
        let replay = DecisionReplay(base: engine, head: engine)
        for path in ["/nowhere/log", "/tmp"] {
            let error = #expect(throws: ReplayError.self) { try replay.run(path, threads: 2) }
            #expect(error?.description.contains("`\(path)`") == true)
        }
        let whole = try Self.gzip(Array((Fixture.line(Fixture.request()) + "\n").utf8))
        for bytes in [Array(whole.dropLast()), Array(whole.dropLast(20)), whole + [1], [0x1f, 0x8b]] {
            let error = #expect(throws: ReplayError.self) { try Self.replay(bytes) }
            #expect(error?.description.contains("gzip") == true)
        }
        let endless = [UInt8](repeating: UInt8(ascii: "x"), count: 67 << 20)
        #expect(throws: ReplayError.self) { try Self.replay(endless) }
    }
}
