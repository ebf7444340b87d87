import Diagnostics
import Foundation
import GovernanceModel
import JSON
import PolicyCompiler

/// `charter bench decisions`: makes an organisation, compiles it, and has it measured.
public struct DecisionBenchmark {
    public struct Failure: Error, CustomStringConvertible {
        public var description: String
    }

    /// What making the bundle gave.
    public struct Made {
        public var bundlePath: String
        public var requestsPath: String
        public var metrics: [DecisionMeasurement.Metric]
    }

    private let world: BenchmarkWorld

    public init(_ world: BenchmarkWorld) { self.world = world }

    private static func write(_ text: String, to path: String) throws {
        let file = URL(fileURLWithPath: path)
        try FileManager.default.createDirectory(at: file.deletingLastPathComponent(), withIntermediateDirectories: true)
        try Data(text.utf8).write(to: file)
    }

    /// The time of every request of a world: its prices hold by then.
    public static let now: Int64 = 1_790_000_000_000_000_000

    /// Writes the bundle and the requests into a folder.
    ///
    /// - Parameter keepsDocuments: whether the documents are written too, into `FOLDER/repository`.
    public func make(in folder: String, keepsDocuments: Bool, progress: (String) -> Void) throws -> Made {
        let (bundle, milliseconds) = try compile(
            keep: { if keepsDocuments { try Self.write($1, to: "\(folder)/repository/\($0)") } }, progress: progress)
        progress("writing \(bundle.count) bytes and \(world.requests) requests")
        let made = Made(
            bundlePath: folder + "/bench.bundle", requestsPath: folder + "/requests.jsonl",
            metrics: [
                ("compile_ms", milliseconds),
                ("bundle_bytes_per_user", Double(bundle.count) / Double(max(1, world.users))),
            ])
        try Data(bundle).write(to: URL(fileURLWithPath: made.bundlePath))
        var lines: [UInt8] = []
        for number in 0..<world.requests { lines += JSONWriter.bytes(world.request(number)) + [UInt8(ascii: "\n")] }
        try Data(lines).write(to: URL(fileURLWithPath: made.requestsPath))
        return made
    }

    /// Compiles the world's documents.
    ///
    /// - Parameters:
    ///   - more: further files of the repository.
    ///   - keep: is given each file.
    /// - Returns: the bundle, and how long checking and compiling took, in milliseconds.
    func compile(
        and more: [(path: String, text: String)] = [], keep: (_ path: String, _ text: String) throws -> Void = { _, _ in },
        progress: (String) -> Void
    ) throws -> (bundle: [UInt8], milliseconds: Double) {
        progress("making \(world.users) users, \(world.teams) teams and \(world.policies) policies")
        var files: [ParsedFile] = []
        func read(_ path: String, _ text: String) throws {
            try keep(path, text)
            let file = DocumentReader.read(Array(text.utf8), path: path)
            if let error = file.diagnostics.first(where: { $0.severity == .error }) { throw Failure(description: error.message) }
            files.append(file)
        }
        try world.files(read)
        for (path, text) in more { try read(path, text) }
        progress("linking")
        let (governance, diagnostics) = Governance.link(files)
        files = []
        if let error = diagnostics.first(where: { $0.severity == .error }) { throw Failure(description: error.message) }
        progress("compiling")
        let origin = BundleOrigin(commit: String(repeating: "0", count: 40), tree: String(repeating: "0", count: 40), time: 0)
        let clock = ContinuousClock()
        let start = clock.now
        let result = PolicyCompiler.compile(governance, origin: origin, isLinked: true, now: Self.now / 1_000_000_000)
        let (seconds, attoseconds) = (clock.now - start).components
        guard let bundle = result.bundle else {
            throw Failure(description: result.diagnostics.first { $0.severity == .error }?.message ?? "nothing was compiled")
        }
        return (bundle, Double(seconds) * 1e3 + Double(attoseconds) / 1e15)
    }
}
