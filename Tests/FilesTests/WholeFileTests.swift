import Files
import Foundation
import Glibc
import TestSupport
import Testing

@Suite struct WholeFileTests {
    @Test("a file is replaced with the mode it is to have, and nothing is left beside it")
    func replaced() throws {
        try TemporaryFolder.with { folder in
            let path = folder + "/file"
            try WholeFile.replace(path, with: [1], mode: 0o644)
            let bytes = (0..<300_000).map { UInt8(truncatingIfNeeded: $0) }
            try WholeFile.replace(path, with: bytes, mode: 0o600)
            #expect(FileManager.default.contents(atPath: path) == Data(bytes))
            var info = stat()
            #expect(stat(path, &info) == 0 && info.st_mode & 0o777 == 0o600)
            #expect(try FileManager.default.contentsOfDirectory(atPath: folder) == ["file"])
        }
    }

    @Test("a link is replaced, and what it names is left alone")
    func link() throws {
        try TemporaryFolder.with { folder in
            #expect(FileManager.default.createFile(atPath: folder + "/other", contents: Data([7])))
            #expect(symlink("other", folder + "/link") == 0)
            try WholeFile.replace(folder + "/link", with: [1])
            #expect(FileManager.default.contents(atPath: folder + "/other") == Data([7]))
            #expect(FileManager.default.contents(atPath: folder + "/link") == Data([1]))
        }
    }

    @Test("a disk that is full is told of")
    func full() {
        let failure = #expect(throws: FileFailure.self) { try WholeFile.write([1], into: "/dev/full") }
        #expect(failure?.code == ENOSPC)
        #expect(failure?.description == "`/dev/full` cannot be written: No space left on device")
    }

    @Test("what cannot take the place leaves what is there, and no draft")
    func refused() throws {
        try TemporaryFolder.with { folder in
            try FileManager.default.createDirectory(atPath: folder + "/taken/kept", withIntermediateDirectories: true)
            let failure = #expect(throws: FileFailure.self) { try WholeFile.replace(folder + "/taken", with: [1]) }
            #expect(failure?.code == EISDIR)
            #expect(try FileManager.default.contentsOfDirectory(atPath: folder) == ["taken"])
            #expect(throws: FileFailure.self) { try WholeFile.replace(folder + "/missing/file", with: [1]) }
        }
    }
}
