import Foundation
import Glibc
import JSON

/// A `charter up` or `charter serve` that is up, or on its way.
package final class RunningCharter {
    package let program: ChildProgram

    package init(_ arguments: [String], in folder: String = "/tmp", environment: [String: String] = [:]) throws {
        program = try ChildProgram([CharterProgram.path] + arguments, in: folder, environment: environment)
    }

    /// `charter up`; without a database's URL on a private Postgres in the state folder.
    package convenience init(up repository: String, state: String, database: String? = nil, _ more: String...) throws {
        try self.init(
            ["up", repository, "--state", state, "--listen", "127.0.0.1:0", "--poll-interval", "0.1"]
                + (database.map { ["--database", $0] } ?? []) + more)
    }

    /// Calls `body` with a server of the example organisation's bundle.
    package static func serving<Value>(_ body: (HTTPClient) throws -> Value) throws -> Value {
        try serving({ try TestRepository.acme(at: $0) }, body)
    }

    /// Calls `body` with a server of the small example's bundle.
    package static func servingTodo<Value>(_ body: (HTTPClient) throws -> Value) throws -> Value {
        try serving({ try TestRepository.todo(at: $0) }, body)
    }

    /// Calls `body` with a server of the bundle of a repository that is made for it.
    package static func serving<Value>(
        _ make: (String) throws -> TestRepository, _ body: (HTTPClient) throws -> Value
    ) throws -> Value {
        try TemporaryFolder.with { folder in
            let repository = try make(folder + "/repository")
            let compiled = try CharterProgram.run("compile", repository.path, "--output", folder + "/bundle")
            guard compiled.status == 0 else { throw Failure("\(compiled)") }
            let charter = try RunningCharter(["serve", folder + "/bundle", "--listen", "127.0.0.1:0"])
            return try body(try charter.client())
        }
    }

    /// Waits until it says where it is up.
    package func client() throws -> HTTPClient {
        var port: UInt16?
        let isUp = eventually {
            port = program.output.firstMatch(of: #/http://127\.0\.0\.1:(\d+)\D/#).flatMap { UInt16($0.output.1) }
            return port != nil || !program.isRunning
        }
        guard isUp, let port else { throw Failure("charter is not up\n\(program.output)\n\(program.errors)") }
        return HTTPClient(port: port)
    }

    /// Ends it as Ctrl-C does, and waits; its exit code.
    @discardableResult
    package func interrupt() throws -> Int32 {
        program.signal(SIGINT)
        return try program.wait()
    }
}

extension HTTPClient {
    /// The commit whose bundle is in force.
    package func commitInForce() throws -> String? { try get("/v1/bundle").json["commit"]?.stringValue }

    /// A condition of the organisation, as `/v1/status` has it.
    package func condition(_ type: String) throws -> JSONValue? {
        try get("/v1/status").json["conditions"]?.arrayValue?.first { $0["type"]?.stringValue == type }
    }

    package func reason(_ type: String) throws -> String? { try condition(type)?["reason"]?.stringValue }

    /// The status of a check of `/readyz`.
    package func check(_ name: String) throws -> String? { try get("/readyz").json["checks"]?[name]?["status"]?.stringValue }

    /// The commit that the database is known to hold.
    package func commitInDatabase() throws -> String? { try get("/readyz").json["checks"]?["database"]?["commit"]?.stringValue }

    /// The value of a metric, by name and labels as they stand in the text.
    package func metric(_ name: String) throws -> Double? {
        try get("/metrics").text.split(separator: "\n").first { $0.hasPrefix(name + " ") }.flatMap { Double($0.dropFirst(name.count + 1)) }
    }
}
