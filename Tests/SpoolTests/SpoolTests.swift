import Foundation
import TestSupport
import Testing

@testable import Spool

/// Records in, the same records out, in their order, and every one that does not come out counted.
@Suite struct SpoolTests {
    private static let segment = 1 << 16

    private static func configuration(_ directory: String, segments: Int = 4) -> Spool.Configuration {
        Spool.Configuration(directory: directory, segmentBytes: segment, maxBytes: segments * segment)
    }

    private static func append(_ text: String, to spool: Spool) -> Bool {
        spool.append(count: text.utf8.count) { $0.copyBytes(from: text.utf8) }.isStored
    }

    private static func drain(_ reader: SpoolReader, maxBytes: Int = 1 << 20) throws -> (texts: [String], lost: UInt64) {
        var texts: [String] = []
        var lost: UInt64 = 0
        while let batch = try reader.next(maxBytes: maxBytes) {
            batch.read { texts.append(String(decoding: $1, as: UTF8.self)) }
            lost += batch.lost
            reader.finish(batch)
        }
        return (texts, lost)
    }

    @Test func `records come out in order, over segments and over a restart`() throws {
        try TemporaryFolder.with { folder in
            let texts = (0..<500).map { "record \($0) " + String(repeating: "x", count: $0) }
            var spool: Spool? = try Spool(Self.configuration(folder + "/s"), readers: ["a"])
            for text in texts.prefix(300) { #expect(Self.append(text, to: try #require(spool))) }
            let stream = spool?.stream.high
            spool = nil
            let again = try Spool(Self.configuration(folder + "/s"), readers: ["a"])
            #expect(again.stream.high == stream)
            for text in texts.dropFirst(300) { #expect(Self.append(text, to: again)) }
            let (found, lost) = try Self.drain(SpoolReader(again, "a"), maxBytes: 5_000)
            #expect(found == texts)
            #expect(lost == 0)
        }
    }

    @Test func `a batch says how much was behind it`() throws {
        try TemporaryFolder.with { folder in
            let spool = try Spool(Self.configuration(folder + "/s"), readers: ["a"])
            for number in 0..<500 { #expect(Self.append("record \(number) " + String(repeating: "x", count: number), to: spool)) }
            let reader = SpoolReader(spool, "a")
            var (taken, batches): (UInt64, Int) = (0, 0)
            // As large as a file is: all but the last end with theirs.
            while let batch = try reader.next(maxBytes: Self.segment) {
                taken += UInt64(batch.count)
                batches += 1
                #expect(batch.behind == 500 - taken)
                reader.finish(batch)
            }
            #expect(batches > 2 && taken == 500)
        }
    }

    @Test func `what was put back comes again, and what was finished does not come after a restart`() throws {
        try TemporaryFolder.with { folder in
            var spool: Spool? = try Spool(Self.configuration(folder + "/s"), readers: ["a"])
            for number in 0..<10 { _ = Self.append("\(number)", to: try #require(spool)) }
            var reader: SpoolReader? = SpoolReader(try #require(spool), "a")
            let batch = try #require(try reader?.next(maxBytes: 100))
            let count = batch.count
            #expect(count < 10)
            reader?.putBack(batch)
            let same = try #require(try reader?.next(maxBytes: 100))
            #expect(same.count == count)
            reader?.finish(same)
            reader = nil
            spool = nil
            let again = try Spool(Self.configuration(folder + "/s"), readers: ["a"])
            #expect(try Self.drain(SpoolReader(again, "a")).texts == (count..<10).map(String.init))
        }
    }

    @Test func `beyond its bound the oldest is given up for whoever has not read it, and counted`() throws {
        try TemporaryFolder.with { folder in
            let spool = try Spool(Self.configuration(folder + "/s"), readers: ["slow", "quick"])
            let (slow, quick) = (SpoolReader(spool, "slow"), SpoolReader(spool, "quick"))
            let text = String(repeating: "y", count: 1_000)
            var read = 0
            for _ in 0..<1_000 {
                #expect(Self.append(text, to: spool))
                read += try Self.drain(quick).texts.count
            }
            #expect(read == 1_000)
            #expect(spool.bytes <= 4 * Self.segment)
            let status = try #require(spool.status.first { $0.name == "slow" })
            #expect(status.lost > 0 && status.lost + status.backlog == 1_000)
            let (texts, lost) = try Self.drain(slow)
            #expect(texts.count == Int(status.backlog))
            // What was given up was counted then, so that no batch tells it once more.
            #expect(lost == 0)
            #expect(spool.status.allSatisfy { $0.backlog == 0 })
        }
    }

    @Test func `a segment that is being read is not given up`() throws {
        try TemporaryFolder.with { folder in
            let spool = try Spool(Self.configuration(folder + "/s"), readers: ["a"])
            let reader = SpoolReader(spool, "a")
            _ = Self.append("first", to: spool)
            let batch = try #require(try reader.next(maxBytes: 1 << 20))
            let text = String(repeating: "z", count: 1_000)
            for _ in 0..<1_000 { _ = Self.append(text, to: spool) }
            var texts: [String] = []
            batch.read { texts.append(String(decoding: $1, as: UTF8.self)) }
            #expect(texts == ["first"])
            reader.finish(batch)
            let (rest, lost) = try Self.drain(reader)
            let counted = try #require(spool.status.first).lost
            #expect(rest.count + Int(counted) == 1_000)
            #expect(lost <= counted && lost > 0)
        }
    }

    @Test func `a record that is larger than a segment is counted as lost`() throws {
        try TemporaryFolder.with { folder in
            let spool = try Spool(Self.configuration(folder + "/s"), readers: ["a"])
            for _ in 0..<2 { #expect(!Self.append(String(repeating: "x", count: Self.segment), to: spool)) }
            let reader = SpoolReader(spool, "a")
            #expect(try Self.drain(reader).lost == 2)
            #expect(try #require(spool.status.first).lost == 2)
            #expect(Self.append("next", to: spool))
            #expect(try Self.drain(reader).texts == ["next"])
        }
    }

    @Test func `two processes cannot have one spool`() throws {
        try TemporaryFolder.with { folder in
            let spool = try Spool(Self.configuration(folder + "/s"), readers: [])
            #expect(throws: SpoolError.self) { try Spool(Self.configuration(folder + "/s"), readers: []) }
            withExtendedLifetime(spool) {}
        }
    }

    @Test func `a reader that is gone is told of, and a new one begins with what comes`() throws {
        try TemporaryFolder.with { folder in
            var spool: Spool? = try Spool(Self.configuration(folder + "/s"), readers: ["a"])
            for number in 0..<5 { _ = Self.append("\(number)", to: try #require(spool)) }
            spool = nil
            let again = try Spool(Self.configuration(folder + "/s"), readers: ["b"])
            #expect(again.forgotten.map(\.name) == ["a"] && again.forgotten.map(\.backlog) == [5])
            _ = Self.append("new", to: again)
            #expect(try Self.drain(SpoolReader(again, "b")).texts == ["new"])
        }
    }

    @Test func `damage loses records, counted, and never makes one up`() throws {
        try TemporaryFolder.with { folder in
            var random = SeededGenerator(seed: 7)
            for round in 0..<60 {
                let path = "\(folder)/s\(round)"
                var spool: Spool? = try Spool(Self.configuration(path), readers: ["a"])
                let texts = (0..<150).map { "\($0):" + String(repeating: "q", count: Int.random(in: 0...900, using: &random)) }
                for text in texts { _ = Self.append(text, to: try #require(spool)) }
                spool = nil
                let files = try FileManager.default.contentsOfDirectory(atPath: path).filter { $0.hasPrefix("segment-") }.sorted()
                let victim = path + "/" + (try #require(files.randomElement(using: &random)))
                var bytes = Array(try Data(contentsOf: URL(fileURLWithPath: victim)))
                for _ in 0..<Int.random(in: 1...4, using: &random) {
                    let place = Int.random(in: 0..<bytes.count, using: &random)
                    bytes[place] ^= UInt8.random(in: 1...255, using: &random)
                }
                try Data(bytes).write(to: URL(fileURLWithPath: victim))
                let again = try Spool(Self.configuration(path), readers: ["a"])
                let (found, _) = try Self.drain(SpoolReader(again, "a"))
                #expect(Set(found).isSubset(of: Set(texts)))
                #expect(found == texts.filter { Set(found).contains($0) })
                let status = try #require(again.status.first)
                #expect(found.count + Int(status.lost) == texts.count && status.backlog == 0)
            }
        }
    }

    @Test func `random work comes to what a plain list comes to`() throws {
        try TemporaryFolder.with { folder in
            for seed in 0..<20 as Range<UInt64> {
                var random = SeededGenerator(seed: seed)
                let path = "\(folder)/s\(seed)"
                var spool = try Spool(Self.configuration(path), readers: ["a", "b"])
                var readers = [SpoolReader(spool, "a"), SpoolReader(spool, "b")]
                var appended: [String] = []
                var delivered: [[String]] = [[], []]
                for step in 0..<400 {
                    switch Int.random(in: 0..<100, using: &random) {
                    case 0..<70:
                        let text = "\(step) " + String(repeating: "r", count: Int.random(in: 0...3_000, using: &random))
                        if Self.append(text, to: spool) { appended.append(text) }
                    case 70..<97:
                        let number = Int.random(in: 0...1, using: &random)
                        guard let batch = try readers[number].next(maxBytes: Int.random(in: 1...20_000, using: &random)) else { continue }
                        if Bool.random(using: &random) {
                            batch.read { delivered[number].append(String(decoding: $1, as: UTF8.self)) }
                            readers[number].finish(batch)
                        } else {
                            readers[number].putBack(batch)
                        }
                    default:
                        readers = []
                        // The old one lets go of the folder first.
                        let path = "\(folder)/other\(seed)-\(step)"
                        spool = try Spool(Self.configuration(path), readers: ["a", "b"])
                        spool = try Spool(Self.configuration("\(folder)/s\(seed)"), readers: ["a", "b"])
                        readers = [SpoolReader(spool, "a"), SpoolReader(spool, "b")]
                    }
                }
                for number in 0...1 {
                    delivered[number] += try Self.drain(readers[number]).texts
                    let status = spool.status[number]
                    #expect(delivered[number] == appended.filter { Set(delivered[number]).contains($0) })
                    #expect(UInt64(delivered[number].count) + status.lost == spool.nextSequence)
                }
            }
        }
    }
}
