import Foundation
import TestSupport

/// Servers of the small example's bundle, each with options of its own.
struct ServedTodo {
    let folder: String
    let bundle: String

    /// Calls `body` with a bundle that servers can be started of.
    static func with<Value>(_ body: (ServedTodo) throws -> Value) throws -> Value {
        try TemporaryFolder.with { folder in
            let repository = try TestRepository.todo(at: folder + "/repository")
            let compiled = try CharterProgram.run("compile", repository.path, "--output", folder + "/bundle")
            guard compiled.status == 0 else { throw Failure("\(compiled)") }
            return try body(ServedTodo(folder: folder, bundle: folder + "/bundle"))
        }
    }

    func serve(_ name: String, _ options: String..., environment: [String: String] = [:]) throws -> RunningCharter {
        try RunningCharter(
            ["serve", bundle, "--listen", "127.0.0.1:0", "--state", "\(folder)/\(name)"] + options, in: folder, environment: environment)
    }

    static let allowed =
        #"{"subject":{"type":"user","id":"morty"},"action":{"name":"can_create_todo"},"resource":{"type":"todo","id":"1"}}"#
    static let denied = #"{"subject":{"type":"user","id":"beth"},"action":{"name":"can_create_todo"},"resource":{"type":"todo","id":"1"}}"#
}

/// A script of the project's own.
enum ProjectScript {
    static func run(_ name: String, _ arguments: [String]) throws -> Outcome {
        let root = URL(fileURLWithPath: #filePath).appendingPathComponent("../../../..").standardizedFileURL.path
        let child = try ChildProgram(["\(root)/deploy/\(name)"] + arguments, in: root)
        let status = try child.wait(within: .seconds(300))
        return Outcome(status: status, output: child.output, errors: child.errors)
    }
}
