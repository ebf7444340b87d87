import Foundation
import Glibc
import JSON

/// The built program.
package enum CharterProgram {
    /// It lies beside the test bundle.
    package static let path: String = {
        let places = ["/proc/self/exe", CommandLine.arguments[0]] + CommandLine.arguments
        for place in places {
            var folder = URL(fileURLWithPath: place).resolvingSymlinksInPath().deletingLastPathComponent()
            while folder.path != "/" {
                let candidate = folder.appendingPathComponent("charter").path
                var isFolder: ObjCBool = false
                if FileManager.default.fileExists(atPath: candidate, isDirectory: &isFolder), !isFolder.boolValue { return candidate }
                folder.deleteLastPathComponent()
            }
        }
        return "charter"
    }()

    /// Runs a command to its end.
    package static func run(
        _ arguments: String..., in folder: String = "/tmp", input: String = "", environment: [String: String] = [:]
    ) throws -> Outcome {
        try run(arguments, in: folder, input: input, environment: environment)
    }

    /// Runs a command to its end.
    package static func run(
        _ arguments: [String], in folder: String = "/tmp", input: String = "", environment: [String: String] = [:]
    ) throws -> Outcome {
        let child = try ChildProgram([path] + arguments, in: folder, input: Array(input.utf8), environment: environment)
        let status = try child.wait()
        return Outcome(status: status, output: child.output, errors: child.errors)
    }
}

extension Outcome {
    /// The output as JSON.
    package var json: JSONValue { get throws { try JSONParser.parse(output) } }
}
