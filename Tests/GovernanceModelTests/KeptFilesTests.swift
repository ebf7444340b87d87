import Foundation
import Git
import GovernanceModel
import TestSupport
import Testing

/// Parsed files that are kept on disk for the next process.
@Suite struct KeptFilesTests {
    /// A repository of more files than is worth keeping: of several documents each, with every kind of text, with a template, and one with a
    /// finding.
    private final class World {
        let repository: GitRepository
        let store: String
        private(set) var head: GitObjectID

        init(_ folder: String) throws {
            try GitRepository.createBare(at: folder + "/r.git")
            repository = try GitRepository(opening: folder + "/r.git")
            store = folder + "/r.git/charter/parsed"
            var files: [(path: String, text: String)] = (0..<300).map { ("users/\($0).yaml", Self.users($0)) }
            files.append(("organization.yaml", Self.organization))
            files.append(("template.yaml", Self.template))
            files.append(("finding.yaml", Self.users(1_000).replacingOccurrences(of: "disabled: true", with: "disbled: true")))
            head = try repository.writeCommit(
                onto: nil, changes: files.map { ($0.path, Array($0.text.utf8)) }, message: "Begin", authorName: "t",
                authorEmail: "t@t.example", time: 1, updating: "refs/heads/main")
        }

        func change(_ path: String, _ text: String) throws {
            head = try repository.writeCommit(
                onto: head, changes: [(path, Array(text.utf8))], message: "Change", authorName: "t", authorEmail: "t@t.example", time: 2,
                updating: "refs/heads/main")
        }

        func read(keepsParsed: Bool = true) throws -> RepositorySnapshot {
            try RepositoryReader(keepsParsed: keepsParsed).read(repository, commit: head)
        }

        private static let organization = """
            apiVersion: charter/v1
            kind: Organization
            metadata: {name: acme}
            spec:
              displayName: "Acme \\u00fc"
              currency: USD
              subjectAttributes: {note: {type: string}}

            """

        private static let template = """
            apiVersion: charter/v1
            kind: PolicyTemplate
            metadata: {name: ceiling}
            spec:
              parameters:
                - {name: most, type: int}
              policy:
                type: cost
                description: No more than ${most}
                rules:
                  - name: most
                    effect: deny
                    when: context.estimatedTokens > ${most}

            """

        static func users(_ number: Int) -> String {
            """
            # A comment
            apiVersion: charter/v1
            kind: User
            metadata:
              name: u\(number)
              labels: {desk: "\(number)"}
            spec:
              email: u\(number)@acme.example
              roles: [r\(number % 7)]
              disabled: true
              attributes:
                note: |
                  two
                    lines
            ---
            apiVersion: charter/v1
            kind: Role
            metadata: {name: r\(number), annotations: {why: 'it''s so'}}
            spec:
              permissions:
                - actions: ["model:*"]
                  resources: ["model:gpt-*"]
                  when: >-
                    context.estimatedTokens < \(number + 1)
                    && true
            ---
            apiVersion: charter/v1
            kind: Team
            metadata: {name: t\(number)}
            spec:
              members: [{user: u\(number)}, {user: u\((number + 1) % 300), role: maintainer}]

            """
        }
    }

    /// Everything that can be seen of a version.
    private static func description(_ snapshot: RepositorySnapshot) -> [String] {
        let documents = Kind.allCases.flatMap { snapshot.governance.all($0) }.map { document in
            let spec = document.spec
            let places = [spec.span, spec["email"]?.span, spec["members"]?.items.last?.span, document.name.span]
            let references = document.references.map { "\($0.kind) \($0.name.value) \($0.name.span)" }
            return "\(document.id) \(document.json) \(document.labels) \(document.annotations) \(document.span) \(places) \(references)"
        }
        return documents + snapshot.diagnostics.map { "\($0)" }
    }

    @Test func `a version read from what was kept is the version that is parsed`() throws {
        try TemporaryFolder.with { folder in
            let world = try World(folder)
            let parsed = try world.read(keepsParsed: false)
            #expect(!FileManager.default.fileExists(atPath: world.store))
            let first = try world.read()
            #expect(first.parsedCount == first.fileCount)
            let second = try world.read()
            // The template and the file with a finding.
            #expect(second.parsedCount == 2)
            #expect(second.diagnostics.contains { $0.span.path == "finding.yaml" })
            for snapshot in [first, second] { #expect(Self.description(snapshot) == Self.description(parsed)) }
            #expect(Self.description(parsed).count > 900)
        }
    }

    @Test func `what has changed since is parsed, under whatever name it stands`() throws {
        try TemporaryFolder.with { folder in
            let world = try World(folder)
            _ = try world.read()
            try world.change("users/7.yaml", World.users(7).replacingOccurrences(of: "desk", with: "floor"))
            try world.change("moved.yaml", World.users(1_001))
            let snapshot = try world.read()
            #expect(snapshot.parsedCount == 4)
            #expect(Self.description(snapshot) == Self.description(try world.read(keepsParsed: false)))
        }
    }

    @Test func `each folder of documents has its own, which is written only where there is something new`() throws {
        try TemporaryFolder.with { folder in
            let world = try World(folder)
            _ = try world.read()
            func folderRead() throws -> RepositorySnapshot {
                try RepositoryReader(folder: "users", keepsParsed: true).read(world.repository, commit: world.head)
            }
            #expect(try folderRead().parsedCount == 300)
            #expect(try folderRead().parsedCount == 0)
            #expect(try world.read().parsedCount == 2)
            #expect(try FileManager.default.contentsOfDirectory(atPath: folder + "/r.git/charter").count == 2)
            func written() throws -> Date? { try FileManager.default.attributesOfItem(atPath: world.store)[.modificationDate] as? Date }
            let before = try written()
            for number in 0..<60 { try world.change("users/\(number).yaml", World.users(number + 2_000)) }
            #expect(try world.read().parsedCount == 62)
            #expect(try written() == before)
        }
    }

    @Test func `what is damaged, another program's or out of reach is as if there were nothing`() throws {
        try TemporaryFolder.with { folder in
            let world = try World(folder)
            _ = try world.read()
            let whole = try Data(contentsOf: URL(fileURLWithPath: world.store))
            let mode = try FileManager.default.attributesOfItem(atPath: world.store)[.posixPermissions] as? Int
            #expect(mode == 0o600)
            let parsed = Self.description(try world.read(keepsParsed: false))
            var damaged: [Data] = [Data(), whole.prefix(71), whole.prefix(80), whole.dropLast(), whole + [0]]
            // The kind of file, the program, the digest, the index, a document's head, a tree.
            try #require(whole.count > 100_000)
            for place in [0, 8, 40, 72, 76, 100, whole.count - 1_000] {
                var bytes = whole
                bytes[place] ^= 1
                damaged.append(bytes)
            }
            for bytes in damaged {
                try bytes.write(to: URL(fileURLWithPath: world.store))
                let snapshot = try world.read()
                #expect(snapshot.parsedCount == snapshot.fileCount)
                #expect(Self.description(snapshot) == parsed)
                // It was replaced by a good one.
                #expect(try world.read().parsedCount == 2)
            }
            // Others may write it, or it is something else.
            #expect(chmod(world.store, 0o620) == 0)
            #expect(try world.read().parsedCount == 303)
            #expect(try world.read().parsedCount == 2)
            try FileManager.default.removeItem(atPath: world.store)
            #expect(mkfifo(world.store, 0o600) == 0)
            #expect(try world.read().parsedCount == 303)
            try FileManager.default.removeItem(atPath: world.store)
            try FileManager.default.createSymbolicLink(atPath: world.store, withDestinationPath: "/dev/zero")
            #expect(try world.read().fileCount == 303)
            #expect(chmod(folder + "/r.git/charter", 0o770) == 0)
            for _ in 0..<2 { #expect(try world.read().parsedCount == 303) }
            try FileManager.default.removeItem(atPath: folder + "/r.git/charter")
            try "in the way".write(toFile: folder + "/r.git/charter", atomically: true, encoding: .utf8)
            #expect(Self.description(try world.read()) == parsed)
        }
    }
}
