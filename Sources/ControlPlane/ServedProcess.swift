import Foundation
import HTTPLoad
import JSON

/// This program once more, as a server that is measured.
final class ServedProcess {
    let port: Int
    /// From the start of the process to the first answer that it is ready.
    let readyMilliseconds: Double
    private let process = Process()

    /// - Parameter arguments: of a command that prints one object of JSON with `url` once it listens.
    init(_ arguments: [String]) throws {
        process.executableURL = URL(fileURLWithPath: "/proc/self/exe").resolvingSymlinksInPath()
        process.arguments = arguments
        let pipe = Pipe()
        process.standardOutput = pipe
        let clock = ContinuousClock()
        let start = clock.now
        try process.run()
        var text: [UInt8] = []
        var said: JSONValue?
        while said == nil {
            let part = pipe.fileHandleForReading.availableData
            if part.isEmpty { throw ControlError(.internalError, "the server that is to be measured has ended") }
            text += part
            said = try? JSONParser.parse(text)
        }
        guard let url = said?["url"]?.stringValue, let port = url.split(separator: ":").last.flatMap({ Int($0) }) else {
            process.terminate()
            throw ControlError(.internalError, "the server that is to be measured does not say where it is")
        }
        self.port = port
        while (try? Self.get(port, "/readyz"))?.hasPrefix("HTTP/1.1 200") != true, clock.now - start < .seconds(60) { usleep(500) }
        readyMilliseconds = Double((clock.now - start).nanoseconds) / 1e6
    }

    func cost() throws -> ProcessCost {
        guard let cost = ProcessCost(of: process.processIdentifier) else {
            throw ControlError(.internalError, "the server that is measured has ended")
        }
        return cost
    }

    /// The sum of a metric over its labels.
    func metric(_ name: String) throws -> Double {
        try Self.get(port, "/metrics").split(separator: "\n")
            .filter { $0.hasPrefix(name + "{") || $0.hasPrefix(name + " ") }
            .reduce(0) { $0 + (Double($1.split(separator: " ").last ?? "") ?? 0) }
    }

    func activations() throws -> Int { Int(try metric("charter_bundle_activations_total")) }

    func stop() {
        guard process.isRunning else { return }
        process.terminate()
        process.waitUntilExit()
    }

    /// A whole answer, on a connection of its own.
    private static func get(_ port: Int, _ path: String) throws -> String {
        String(decoding: try LoadGenerator.get(port: port, path), as: UTF8.self)
    }
}
