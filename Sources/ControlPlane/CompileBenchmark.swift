import Diagnostics
import EnforcementServer
import Foundation
import Git
import GovernanceModel

/// `charter bench compile`: how long it takes from a commit to its bundle, with every check, and how long after one file has changed.
public struct CompileBenchmark {
    private let folder: String
    private let world: ReconcileBenchmarkWorld
    private let changes: Int

    /// - Parameters:
    ///   - folder: where `prepare` has made the repository.
    ///   - documents: how many there are, about: users, a tenth as many teams, policies, models and roles.
    ///   - changes: commits that change one file, of which the median is taken.
    public init(folder: String, documents: Int, changes: Int) {
        self.folder = folder
        self.changes = changes
        let policies = max(100, documents / 100)
        world = ReconcileBenchmarkWorld(users: max(1, (documents - policies) * 10 / 11), policies: policies, usersOfFile: 50)
    }

    private static let reference = "refs/heads/main"
    private var repositoryPath: String { folder + "/repository.git" }

    /// Makes the repository, in a process of its own so that its memory is not measured.
    public func prepare() throws {
        try GitRepository.createBare(at: repositoryPath)
        let repository = try GitRepository(opening: repositoryPath)
        var head = try commit(repository, nil, world.files())
        for number in 0..<changes {
            let file = number * 7 % max(1, world.users / world.usersOfFile)
            head = try commit(repository, head, [world.userFile(file) { _ in number + 2 }])
        }
    }

    private func commit(
        _ repository: GitRepository, _ parent: GitObjectID?, _ files: [(path: String, text: String)]
    ) throws -> GitObjectID {
        try repository.writeCommit(
            onto: parent, changes: files.map { ($0.path, Array($0.text.utf8)) }, message: "Change the organisation", authorName: "bench",
            authorEmail: "bench@bench.example", time: WallClock.now() / 1_000_000_000, updating: Self.reference)
    }

    /// By compilers that know nothing but what the first of them has kept on disk; median of five. Nothing for so few documents that nothing is kept.
    private func recompile(_ repository: GitRepository, _ now: Int64) throws -> [(String, Double)] {
        let head = try repository.resolve(Self.reference)
        _ = try CommitCompiler().compile(repository, commit: head, now: now)
        let clock = ContinuousClock()
        let times = try (0..<5).map { _ -> Double? in
            let start = clock.now
            let compiled = try CommitCompiler().compile(repository, commit: head, now: now)
            return compiled.snapshot.parsedCount < compiled.snapshot.fileCount ? Double((clock.now - start).nanoseconds) / 1e6 : nil
        }
        let kept = times.compactMap(\.self).sorted()
        return kept.count == times.count ? [("again_ms", kept[2])] : []
    }

    /// Measures. The process should have done nothing else before.
    public func measure() throws -> BenchmarkReport {
        let repository = try GitRepository(opening: repositoryPath)
        let now = WallClock.now() / 1_000_000_000
        let compiler = CommitCompiler(keepsParsed: false)
        let clock = ContinuousClock()
        func compile(_ back: Int) throws -> (milliseconds: Double, commit: CompiledCommit) {
            let id = try repository.resolve(back == 0 ? Self.reference : "\(Self.reference)~\(back)")
            let start = clock.now
            let compiled = try compiler.compile(repository, commit: id, now: now)
            let time = Double((clock.now - start).nanoseconds) / 1e6
            guard compiled.bundle != nil else {
                throw ControlError(.internalError, "the benchmark's documents have errors (\(compiled.diagnostics.counts))")
            }
            return (time, compiled)
        }
        let (cold, first) = try compile(changes)
        let timings = first.snapshot.timings
        let bytes = try repository.files(in: first.commit.id, where: RepositoryReader.isDocument).reduce(0) {
            $0 + (try repository.blob($1.blob, path: $1.path, limit: DocumentReader.fileLimit)).count
        }
        let count = first.snapshot.governance.count
        var times: [Double] = []
        for back in stride(from: changes - 1, through: 0, by: -1) { times.append(try compile(back).milliseconds) }
        times.sort()
        let peak = ProcessMemory.mostResidentBytes
        let again = try recompile(repository, now)
        return BenchmarkReport(
            bench: "compile",
            metrics: [
                ("cold_ms", cold), ("read_git_ms", Double(timings.read) / 1e6), ("parse_ms", Double(timings.parse) / 1e6),
                ("check_ms", Double(timings.link) / 1e6), ("compile_ms", Double(first.compileTime) / 1e6),
                ("one_file_change_ms", times.isEmpty ? 0 : times[times.count / 2]),
                ("peak_bytes", Double(peak)), ("documents_count", Double(count)),
            ] + again,
            parameters: [
                "users": .int(Int64(world.users)), "teams": .int(Int64(world.teams)), "policies": .int(Int64(world.policies)),
                "bytes": .int(Int64(bytes)), "documentsOfTheChangedFile": .int(Int64(world.usersOfFile)),
                "changes": .int(Int64(changes)),
            ])
    }
}
