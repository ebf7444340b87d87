import ArgumentParser
import ControlPlane
import Foundation
import JSON

/// This program, run once more: what is measured must not share its memory with what made it.
enum OwnProcess {
    /// The metrics of a benchmark that prints them as JSON.
    static func metrics(_ arguments: [String]) throws -> [(name: String, value: Double)] {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/proc/self/exe").resolvingSymlinksInPath()
        process.arguments = arguments
        let pipe = Pipe()
        process.standardOutput = pipe
        try process.run()
        let output = pipe.fileHandleForReading.readDataToEndOfFile()
        process.waitUntilExit()
        guard process.terminationStatus == 0, let measured = try JSONParser.parse(Array(output))["metrics"]?.objectValue else {
            throw ControlError(.internalError, "measuring failed with status \(process.terminationStatus)")
        }
        return measured.members.compactMap { member in
            switch member.value {
            case .int(let value): (member.name, Double(value))
            case .double(let value): (member.name, value)
            default: nil
            }
        }
    }

    /// The same with what it prints left to it. Ends this process with its exit code, if that is not 0.
    static func run(_ arguments: [String]) throws {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/proc/self/exe").resolvingSymlinksInPath()
        process.arguments = arguments
        try process.run()
        process.waitUntilExit()
        if process.terminationStatus != 0 { throw ExitCode(process.terminationStatus) }
    }
}
