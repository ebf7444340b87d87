import CEL
import Digest
import Foundation
import Testing

@testable import PolicyBundle

@Suite struct VerifierTests {
    private static func small() throws -> [UInt8] {
        var writer = BundleWriter()
        writer.append(.meta, [MetaColumn.organization: writer.string("acme")])
        return try writer.finish()
    }

    static func seal(_ bytes: inout [UInt8]) {
        let range = BundleFormat.digestRange
        bytes.replaceSubrange(range, with: [UInt8](repeating: 0, count: range.count))
        bytes.replaceSubrange(range, with: SHA256Digest(of: bytes).bytes)
    }

    private static func kind(_ bytes: [UInt8]) -> BundleError.Kind? {
        do throws(BundleError) {
            _ = try PolicyBundle(bytes: bytes)
            return nil
        } catch { return error.kind }
    }

    @Test func `what is not a bundle is called that`() throws {
        #expect(Self.kind([]) == .notABundle)
        #expect(Self.kind(Array("CHARTERB".utf8)) == .notABundle)
        #expect(Self.kind([UInt8](repeating: 0, count: 4096)) == .notABundle)
        #expect(Self.kind(Array(String(repeating: "apiVersion: charter/v1\n", count: 9).utf8)) == .notABundle)
        #expect(Self.kind(try Self.small()) == nil)
    }

    @Test func `a bundle of another version says so before anything else`() throws {
        var bytes = try Self.small()
        bytes[8] = 9
        #expect(Self.kind(bytes) == .otherVersion)
        #expect(
            throws: BundleError(
                .otherVersion, "the bundle has format version 9, this program reads version 3; compile it again with this program")
        ) {
            try PolicyBundle(bytes: bytes)
        }
    }

    @Test func `every cut and every addition is noticed`() throws {
        let bytes = try Self.small()
        for length in BundleFormat.headerSize..<bytes.count { #expect(Self.kind(Array(bytes[..<length])) == .damaged) }
        #expect(Self.kind(bytes + [0]) == .damaged)
    }

    @Test func `every changed byte is noticed`() throws {
        let bytes = try Self.small()
        for position in bytes.indices {
            var changed = bytes
            changed[position] ^= 1
            #expect(Self.kind(changed) != nil)
        }
    }

    @Test func `a value that unfolds to more than memory holds is refused`() throws {
        var writer = BundleWriter()
        writer.append(.meta, [MetaColumn.organization: writer.string("")])
        for number in 0..<40 { _ = writer.value(.list([.int(0), .int(Int64(number))])) }
        var bytes = try writer.finish()
        #expect(Self.kind(bytes) == nil)
        // Value 1 is the first list, value 2k+1 the k-th after it. Each list shall now hold the one before it twice.
        let list = Self.place(of: .list, in: bytes)
        for number in 1..<40 {
            for word in [2 * number, 2 * number + 1] {
                withUnsafeBytes(of: UInt32(2 * number - 1).littleEndian) {
                    bytes.replaceSubrange(list + word * 4..<list + word * 4 + 4, with: $0)
                }
            }
        }
        Self.seal(&bytes)
        #expect(Self.kind(bytes) == .damaged)
    }

    @Test func `a value that nests deeper than conditions can is refused`() throws {
        func nested(_ depth: Int) throws -> [UInt8] {
            var writer = BundleWriter()
            writer.append(.meta, [MetaColumn.organization: writer.string("")])
            _ = writer.value((0..<depth).reduce(CELValue.int(0)) { value, _ in .list([value]) })
            return try writer.finish()
        }
        #expect(Self.kind(try nested(64)) == nil)
        #expect(Self.kind(try nested(65)) == .damaged)
    }

    @Test func `a value that holds itself is refused`() throws {
        var writer = BundleWriter()
        writer.append(.meta, [MetaColumn.organization: writer.string("")])
        _ = writer.value(.list([.int(0)]))
        var bytes = try writer.finish()
        let list = Self.place(of: .list, in: bytes)
        withUnsafeBytes(of: UInt32(1).littleEndian) { bytes.replaceSubrange(list..<list + 4, with: $0) }
        Self.seal(&bytes)
        #expect(Self.kind(bytes) == .damaged)
    }

    private static func place(of section: BundleSection, in bytes: [UInt8]) -> Int {
        let entry = BundleFormat.headerSize + section.rawValue * BundleFormat.sectionEntrySize + 8
        return bytes.withUnsafeBytes { Int(UInt64(littleEndian: $0.loadUnaligned(fromByteOffset: entry, as: UInt64.self))) }
    }

    // MARK: Files

    private static func file(_ bytes: [UInt8]) throws -> String {
        let path = FileManager.default.temporaryDirectory.path + "/charter-bundle-" + UUID().uuidString
        try Data(bytes).write(to: URL(fileURLWithPath: path))
        return path
    }

    private static func openKind(_ path: String) -> BundleError.Kind? {
        do throws(BundleError) {
            _ = try PolicyBundle.open(path: path)
            return nil
        } catch { return error.kind }
    }

    @Test func `a file is read in place`() throws {
        let path = try Self.file(try Self.small())
        defer { try? FileManager.default.removeItem(atPath: path) }
        let bundle = try PolicyBundle.open(path: path)
        let size = try Self.small().count
        #expect(bundle.meta(.organization) == "acme" && bundle.size == size)
        #expect(bundle.digest == (try PolicyBundle(bytes: try Self.small())).digest)
    }

    @Test func `a file that grows or is replaced after it was opened changes nothing`() throws {
        let path = try Self.file(try Self.small())
        defer { try? FileManager.default.removeItem(atPath: path) }
        let bundle = try PolicyBundle.open(path: path)
        let handle = try #require(FileHandle(forWritingAtPath: path))
        try handle.seekToEnd()
        try handle.write(contentsOf: Data(repeating: 0xff, count: 100_000))
        try handle.close()
        let size = try Self.small().count
        #expect(bundle.meta(.organization) == "acme" && bundle.size == size)
        #expect(Self.openKind(path) == .damaged, "opened again it is no bundle any more")
        try FileManager.default.removeItem(atPath: path)
        #expect(bundle.meta(.organization) == "acme")
    }

    @Test func `what cannot be opened is said to be unreadable`() throws {
        #expect(Self.openKind("/nowhere/at/all") == .unreadable)
        #expect(Self.openKind(FileManager.default.temporaryDirectory.path) == .unreadable)
        #expect(Self.openKind("/dev/zero") == .unreadable)
        let empty = try Self.file([])
        defer { try? FileManager.default.removeItem(atPath: empty) }
        #expect(Self.openKind(empty) == .notABundle)
    }

    @Test func `a file larger than any bundle is refused unread`() throws {
        let path = try Self.file(try Self.small())
        defer { try? FileManager.default.removeItem(atPath: path) }
        // A sparse file: it takes no place on the disk.
        #expect(truncate(path, BundleFormat.sizeLimit + 1) == 0)
        #expect(Self.openKind(path) == .tooLarge)
    }
}
