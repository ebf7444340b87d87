import Foundation

/// How many decisions are made at random, and which: `ENGINE_FUZZ_RUNS` and `ENGINE_FUZZ_SEED`.
enum FuzzRun {
    static let decisions = ProcessInfo.processInfo.environment["ENGINE_FUZZ_RUNS"].flatMap { Int($0) } ?? 100_000
    static let seed = ProcessInfo.processInfo.environment["ENGINE_FUZZ_SEED"].flatMap { UInt64($0) } ?? UInt64.random(in: 0 ..< .max)
}
