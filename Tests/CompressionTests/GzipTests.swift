import Compression
import Foundation
import TestSupport
import Testing

@Suite struct GzipTests {
    static let limits = Gzip.Limits(bytes: 1 << 20, ratio: 100, ratioFrom: 64 << 10)

    private func inflate(_ bytes: [UInt8], _ limits: Gzip.Limits = limits) throws(GzipError) -> [UInt8] {
        var result: Result<[UInt8], GzipError> = .failure(.damaged)
        bytes.withUnsafeBytes { buffer in
            do throws(GzipError) {
                result = .success(try Gzip.inflate(buffer, limits: limits))
            } catch {
                result = .failure(error)
            }
        }
        return try result.get()
    }

    private func deflate(_ bytes: [UInt8]) throws -> [UInt8] { try #require(bytes.withUnsafeBytes { Gzip.deflate($0) }) }

    @Test("what was folded unfolds to itself, whatever its size")
    func roundTrip() throws {
        var generator = SystemRandomNumberGenerator()
        for count in [0, 1, 100, 32 << 10, (32 << 10) + 1, 300_000] {
            let text = (0..<count).map { _ in UInt8.random(in: 0...255, using: &generator) }
            #expect(try inflate(try deflate(text)) == text)
        }
    }

    @Test("gzip(1) and we read each other")
    func otherProgram() throws {
        // "charter\n" by gzip 1.12 -n.
        let theirs: [UInt8] = [
            0x1f, 0x8b, 0x08, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x03, 0x4b, 0xce, 0x48, 0x2c, 0x2a, 0x49, 0x2d, 0xe2, 0x02, 0x00, 0x89,
            0xd9, 0x38, 0x94, 0x08, 0x00, 0x00, 0x00,
        ]
        #expect(try inflate(theirs) == Array("charter\n".utf8))
        #expect(try inflate(theirs + theirs) == Array("charter\ncharter\n".utf8))
        let gzip = try ChildProgram(["gzip", "-dc"], in: "/tmp", input: try deflate(Array("governance".utf8)))
        #expect(try gzip.wait() == 0)
        #expect(gzip.output == "governance")
    }

    @Test("what is damaged, ends too early, or is no gzip, is refused")
    func damaged() throws {
        let whole = try deflate(Array(repeating: UInt8(ascii: "a"), count: 1000))
        for count in 0..<whole.count { #expect(throws: GzipError.damaged) { try inflate(Array(whole[..<count])) } }
        #expect(throws: GzipError.damaged) { try inflate(whole + [0]) }
        #expect(throws: GzipError.damaged) { try inflate(Array("{\"input\":1}".utf8)) }
        let text = try inflate(whole)
        for place in whole.indices.dropFirst(10) {
            var other = whole
            other[place] ^= 0x10
            // A bit that no one reads may be any; of the checksum and the length behind the text there is none.
            if let found = try? inflate(other) { #expect(found == text && place < whole.count - 8) }
        }
    }

    @Test("a text that unfolds to more than its limits is refused, by size and by ratio, in one member or many")
    func bombs() throws {
        let zeros = try deflate([UInt8](repeating: 0, count: 10 << 20))
        #expect(throws: GzipError.tooLarge) { try inflate(zeros) }
        #expect(throws: GzipError.tooLarge) { try inflate(zeros, .init(bytes: 100 << 20, ratio: 100, ratioFrom: 64 << 10)) }
        #expect(try inflate(zeros, .init(bytes: 10 << 20, ratio: 2000, ratioFrom: 0)).count == 10 << 20)
        let small = try deflate([UInt8](repeating: 0, count: 60_000))
        #expect(try inflate(small).count == 60_000)
        #expect(throws: GzipError.tooLarge) {
            try inflate(Array(repeating: small, count: 30).flatMap { $0 }, .init(bytes: 1 << 20, ratio: 10_000, ratioFrom: 0))
        }
    }

    /// Unfolds by a stream that reads and gives so many bytes at once.
    private func stream(_ bytes: [UInt8], reads: Int, gives: Int) throws -> [UInt8] {
        var place = 0
        let stream = try GzipStream(bufferSize: reads) { memory in
            let count = min(memory.count, bytes.count - place)
            memory.copyBytes(from: bytes[place..<place + count])
            place += count
            return count
        }
        var text: [UInt8] = []
        let memory = UnsafeMutableRawBufferPointer.allocate(byteCount: gives, alignment: 1)
        defer { memory.deallocate() }
        while true {
            let count = try stream.unfold(into: memory)
            if count == 0 { return text }
            text += memory[..<count]
        }
    }

    @Test func `a stream unfolds what is unfolded at once, whatever the sizes of its pieces`() throws {
        var generator = SystemRandomNumberGenerator()
        for count in [0, 1, 100, 5_000] {
            let text = (0..<count).map { _ in UInt8.random(in: 0...9, using: &generator) }
            let folded = try deflate(text)
            for (reads, gives) in [(1, 1), (1, 1000), (7, 3), (1 << 16, 1 << 16)] {
                #expect(try stream(folded, reads: reads, gives: gives) == text)
                #expect(try stream(folded + folded, reads: reads, gives: gives) == text + text)
            }
        }
    }

    @Test func `a stream refuses what is damaged, ends too early, or is no gzip`() throws {
        let whole = try deflate(Array(repeating: UInt8(ascii: "a"), count: 1000))
        for count in 0..<whole.count {
            #expect(throws: GzipError.damaged) { try stream(Array(whole[..<count]), reads: 8, gives: 64) }
        }
        #expect(throws: GzipError.damaged) { try stream(whole + [0], reads: 8, gives: 64) }
        #expect(throws: GzipError.damaged) { try stream(Array("{}".utf8), reads: 8, gives: 64) }
        var changed = whole
        changed[whole.count - 6] ^= 1
        #expect(throws: GzipError.damaged) { try stream(changed, reads: 8, gives: 64) }
    }
}
