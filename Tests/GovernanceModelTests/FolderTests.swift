import Diagnostics
import Foundation
import GovernanceModel
import TestSupport
import Testing

/// Repositories as they lie on disk.
@Suite struct FolderTests {
    private static let organization = """
        apiVersion: charter/v1
        kind: Organization
        metadata: {name: acme}
        spec: {displayName: Acme, currency: USD}

        """

    /// A folder with an organisation, removed afterwards.
    private static func withFolder(_ body: (String) throws -> Void) throws {
        let path = FileManager.default.temporaryDirectory.path + "/charter-folder-" + UUID().uuidString
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
        defer { try? run("chmod -R u+rwx \"$1\"; rm -rf \"$1\"", path) }
        try organization.write(toFile: path + "/organization.yaml", atomically: false, encoding: .utf8)
        try body(path)
    }

    /// Paths that no call can name must be made and removed from within, as a shell does.
    private static func run(_ script: String, _ argument: String) throws {
        try ChildProgram(["/bin/sh", "-c", script, "sh", argument], in: "/tmp").wait()
    }

    @Test func `documents of all folders are read, in the order of their paths`() throws {
        try Self.withFolder { path in
            for name in ["b", "a/deep", ".hidden", "a-b"] {
                try FileManager.default.createDirectory(atPath: "\(path)/\(name)", withIntermediateDirectories: true)
                try "not a document".write(toFile: "\(path)/\(name)/x.yaml", atomically: false, encoding: .utf8)
            }
            let snapshot = try RepositoryReader().read(directory: path)
            #expect(snapshot.diagnostics.map(\.span.path) == ["a-b/x.yaml", "a/deep/x.yaml", "b/x.yaml"])
            #expect(snapshot.fileCount == 4)
        }
    }

    @Test(.enabled(if: geteuid() != 0, "nothing is unreadable for root")) func `a folder without permission is an error`() throws {
        try Self.withFolder { path in
            try FileManager.default.createDirectory(atPath: path + "/policies", withIntermediateDirectories: true)
            #expect(chmod(path + "/policies", 0) == 0)
            let found = try RepositoryReader().read(directory: path).diagnostics
            #expect(found.map(\.code) == [.unreadableFile] && found.map(\.span.path) == ["policies"] && found.hasErrors)
        }
    }

    @Test func `a folder that cannot be read is an error and not passed over`() throws {
        try Self.withFolder { path in
            // Deeper than a path may be long, which stops root too.
            try Self.run(
                """
                cd "$1" && name=$(printf 'x%.0s' $(seq 200)) && for i in $(seq 30); do mkdir $name && cd $name || exit; done && echo > a.yaml
                """, path)
            let found = try RepositoryReader().read(directory: path).diagnostics
            #expect(found.map(\.code) == [.unreadableFile] && found.hasErrors)
            #expect(found.allSatisfy { $0.span.path.hasPrefix("xxx") })
        }
    }

    @Test func `a document that is a pipe is an error and not waited for`() throws {
        try Self.withFolder { path in
            #expect(mkfifo(path + "/users.yaml", 0o600) == 0 && mkfifo(path + "/socket", 0o600) == 0)
            let found = try RepositoryReader().read(directory: path).diagnostics
            #expect(found.map(\.code) == [.unreadableFile] && found.map(\.span.path) == ["users.yaml"])
        }
    }
}
