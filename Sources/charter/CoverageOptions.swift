import ArgumentParser
import ControlPlane
import Foundation
import JSON
import PolicyTesting

/// Whether and how it is told how much of the policies was tried.
struct CoverageOptions: ParsableArguments {
    @Flag(
        name: .long,
        help: "Tell which rules took effect, and which ways the parts of conditions went. So do the other --*coverage* options.")
    var coverage = false

    @Option(
        name: .long,
        help: "How coverage is told: text, json or lcov; by default as the name of the file ends (.json, .info, .lcov), else text.")
    var coverageFormat: Format?

    @Option(name: .long, help: "Write the coverage to this file; the terminal shows the sums.")
    var coverageOutput: String?

    @Option(name: .long, help: "Fail if less than so many percent of the rules and branches are covered.")
    var minCoverage: Double?

    enum Format: String, ExpressibleByArgument, CaseIterable {
        case text, json, lcov
    }

    func validate() throws {
        if let minCoverage, !(0...100).contains(minCoverage) { throw ValidationError("--min-coverage must be from 0 to 100") }
        if coverageOutput == "" { throw ValidationError("--coverage-output is empty; name a file, or leave it out") }
        if let coverageFormat, coverageFormat != .text, coverageOutput == nil {
            throw ValidationError(
                "--coverage-format \(coverageFormat.rawValue) goes with --coverage-output, the file that it is written to")
        }
    }

    var isAsked: Bool { coverage || coverageFormat != nil || coverageOutput != nil || minCoverage != nil }

    private var formatOfFile: Format {
        if let coverageFormat { return coverageFormat }
        if coverageOutput?.hasSuffix(".json") == true { return .json }
        return [".info", ".lcov"].contains { coverageOutput?.hasSuffix($0) == true } ? .lcov : .text
    }

    /// Writes the file, if one is named.
    ///
    /// - Parameter root: the folder that the report's paths begin in.
    func write(_ report: CoverageReport, root: String) throws {
        guard let coverageOutput else { return }
        let text =
            switch formatOfFile {
            case .text: CoverageRenderer(color: false).text(report)
            case .json: JSONWriter.text(report.json, style: .pretty) + "\n"
            case .lcov: report.lcov(root: root)
            }
        do {
            try text.write(toFile: coverageOutput, atomically: true, encoding: .utf8)
        } catch {
            throw ControlError(.usage, "cannot write `\(coverageOutput)`: \(error.localizedDescription)")
        }
    }

    /// - Throws: if less is covered than was asked for.
    func check(_ report: CoverageReport) throws {
        guard let minCoverage, report.sum.isBelow(percent: minCoverage) else { return }
        throw ControlError(
            .input,
            "\(report.sum.percent) % of rules and branches are covered, \(report.sum.hit) of \(report.sum.total): less than the "
                + "\(minCoverage == minCoverage.rounded() ? String(Int(minCoverage)) : String(minCoverage)) % of --min-coverage")
    }
}
