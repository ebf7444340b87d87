import ControlPlane
import Foundation
import Testing

import class TestSupport.Background

@Suite struct StateDirectoryTests {
    private func refusal(_ path: String) -> ControlError? {
        do {
            _ = try StateDirectory(path)
            return nil
        } catch {
            return error
        }
    }

    @Test func `a new folder is made with what is above it and told apart from others`() throws {
        try TemporaryDirectory.with { path in
            let state = try StateDirectory(path + "/a/b/state")
            #expect(state.path == path + "/a/b/state")
            #expect(try String(contentsOfFile: state.path + "/version", encoding: .utf8) == "\(StateDirectory.formatVersion)\n")
            #expect(try String(contentsOfFile: state.path + "/.gitignore", encoding: .utf8) == "*\n")
        }
    }

    @Test func `a second Charter is refused until the first has gone`() throws {
        try TemporaryDirectory.with { path in
            let folder = path + "/state"
            do {
                let first = try StateDirectory(folder)
                let error = try #require(refusal(folder))
                #expect(error.status == .tryAgain)
                #expect(
                    error.message.contains("another Charter is running") && error.message.contains(folder)
                        && error.message.contains("--state"))
                withExtendedLifetime(first) {}
            }
            #expect(refusal(folder) == nil)
        }
    }

    @Test(arguments: ["0", "2", "99", "", "1x", "one", "\u{0}", String(repeating: "9", count: 5000)])
    func `a folder of another format is refused and left alone`(version: String) throws {
        try TemporaryDirectory.with { path in
            let folder = path + "/state"
            do { _ = try StateDirectory(folder) }
            try version.write(toFile: folder + "/version", atomically: true, encoding: .utf8)
            let error = try #require(refusal(folder))
            #expect(error.status == .input)
            #expect(error.message.contains("format version") && error.message.contains("version \(StateDirectory.formatVersion)"))
            #expect(error.message.contains("move it away") && error.message.utf8.count < 400)
            #expect(try String(contentsOfFile: folder + "/version", encoding: .utf8) == version)
            // The refusal holds no lock: moved away and made again, the folder is good.
            try FileManager.default.removeItem(atPath: folder + "/version")
            try FileManager.default.removeItem(atPath: folder + "/.gitignore")
            #expect(refusal(folder) == nil)
        }
    }

    @Test func `a folder with the files of others is refused and nothing put into it`() throws {
        try TemporaryDirectory.with { path in
            try "mine".write(toFile: path + "/thesis.txt", atomically: true, encoding: .utf8)
            let error = try #require(refusal(path))
            #expect(error.status == .input)
            #expect(error.message.contains("no state folder") && error.message.contains(path))
            #expect(!FileManager.default.fileExists(atPath: path + "/version"))
            #expect(!FileManager.default.fileExists(atPath: path + "/.gitignore"))
        }
    }

    @Test func `a folder that was left half made is taken over`() throws {
        try TemporaryDirectory.with { path in
            try "".write(toFile: path + "/lock", atomically: false, encoding: .utf8)
            #expect(refusal(path) == nil)
        }
    }

    @Test func `a file in the place of the folder is refused`() throws {
        try TemporaryDirectory.with { path in
            try "x".write(toFile: path + "/state", atomically: true, encoding: .utf8)
            for place in [path + "/state", path + "/state/below"] {
                let error = try #require(refusal(place))
                #expect(error.status == .input)
                #expect(error.message.contains(place))
            }
        }
    }

    @Test func `the last bundle is stored whole`() throws {
        try TemporaryDirectory.with { path in
            let state = try StateDirectory(path + "/state")
            for bytes in [Array(repeating: UInt8(1), count: 100_000), [], [2, 3]] {
                try state.store(bundle: bytes)
                #expect(FileManager.default.contents(atPath: state.bundle).map(Array.init) == bytes)
            }
            #expect(
                try FileManager.default.contentsOfDirectory(atPath: state.path).sorted() == [
                    ".gitignore", "bundle.charter", "lock", "version",
                ])
        }
    }
}

@Suite struct AtomicFileTests {
    @Test func `a reader sees the old content or the new, never a part`() throws {
        try TemporaryDirectory.with { path in
            let file = path + "/file"
            let contents = (0..<40).map { [UInt8](repeating: UInt8($0), count: 200_000 + $0) }
            try AtomicFile.write(contents[0], to: file)
            let writer = Background { for bytes in contents { try AtomicFile.write(bytes, to: file) } }
            var reads = 0
            repeat {
                let bytes = Array(try #require(FileManager.default.contents(atPath: file)))
                #expect(bytes.first.map { bytes == contents[Int($0)] } == true)
                reads += 1
            } while !writer.isFinished
            try writer.value()
            #expect(reads > 0)
            #expect(FileManager.default.contents(atPath: file).map(Array.init) == contents.last)
        }
    }

    @Test func `a write that fails leaves the old file and nothing else`() throws {
        try TemporaryDirectory.with { path in
            // A folder cannot be replaced by a file.
            try FileManager.default.createDirectory(atPath: path + "/target/kept", withIntermediateDirectories: true)
            let error = #expect(throws: ControlError.self) { try AtomicFile.write([1], to: path + "/target") }
            #expect(error?.status == .input)
            #expect(error?.message.contains("`\(path)/target` cannot be written") == true)
            #expect(error?.message.contains("Is a directory") == true)
            #expect(try FileManager.default.contentsOfDirectory(atPath: path) == ["target"])
            #expect(FileManager.default.fileExists(atPath: path + "/target/kept"))
        }
    }

    @Test func `a missing folder is told`() throws {
        try TemporaryDirectory.with { path in
            let error = #expect(throws: ControlError.self) { try AtomicFile.write([1], to: path + "/missing/file") }
            #expect(error?.message.contains("No such file or directory") == true)
        }
    }
}
