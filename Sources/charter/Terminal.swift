import ArgumentParser
import ControlPlane
import Diagnostics
import Foundation
import Glibc
import JSON

/// How a command prints its result.
enum OutputFormat: String, ExpressibleByArgument, CaseIterable {
    case human
    case json
}

struct FormatOption: ParsableArguments {
    @Option(name: .long, help: "How the result is printed: human or json.")
    var format: OutputFormat = .human
}

/// Writing to the terminal.
enum Terminal {
    static func out(_ text: String) { write(1, text + "\n") }
    /// Text that has its ends of lines.
    static func print(_ text: String) { write(1, text) }
    static func err(_ text: String) { write(2, text + "\n") }
    /// Text that stays on its line.
    static func errPart(_ text: String) { write(2, text) }
    static func out(_ json: JSONValue) { out(JSONWriter.text(json, style: .pretty)) }

    /// A word to people beside the result.
    static func say(_ message: String) { err("charter: \(SecretScanner.mask(message))") }

    /// Whether text on the file descriptor may be coloured: a terminal, and `NO_COLOR` (no-color.org) is not set.
    static func mayColor(_ descriptor: Int32) -> Bool {
        isatty(descriptor) == 1 && (ProcessInfo.processInfo.environment["NO_COLOR"] ?? "").isEmpty
    }

    /// Findings for people, with their sources, and a line that counts them.
    static func findings(_ diagnostics: [Diagnostic], sources: [String: [UInt8]], to descriptor: Int32) {
        guard !diagnostics.isEmpty else { return }
        write(descriptor, HumanRenderer(color: mayColor(descriptor), sources: sources).render(diagnostics) + "\n")
    }

    /// Runs a command's work; a failure is told on standard error and becomes the exit code.
    ///
    /// - Parameter log: tells of it instead, where there is one.
    static func run(_ log: OperatorLog? = nil, _ work: () throws -> Void) throws {
        do {
            try work()
        } catch let exit as ExitCode {
            throw exit
        } catch {
            let failure = ControlError(wrapping: error)
            if let log { log.failure(failure.message) } else { say(failure.message) }
            throw ExitCode(failure.status.rawValue)
        }
    }

    private static func write(_ descriptor: Int32, _ text: String) {
        var bytes = Array(text.utf8)[...]
        while !bytes.isEmpty {
            let count = bytes.withUnsafeBytes { Glibc.write(descriptor, $0.baseAddress, $0.count) }
            if count < 0, errno == EINTR { continue }
            // A reader that went away (`| head`) wants no more.
            if count <= 0 { return }
            bytes = bytes.dropFirst(count)
        }
    }
}

/// Calls a handler for Ctrl-C, a polite kill or a closed terminal, or for other signals, as long as it lives.
final class StopSignals {
    private let sources: [any DispatchSourceSignal]

    init(_ numbers: [Int32] = [SIGINT, SIGTERM, SIGHUP], _ handler: @escaping @Sendable () -> Void) {
        // A reader of our output that goes away must not end us before what we started is stopped.
        signal(SIGPIPE, SIG_IGN)
        sources = numbers.map { number in
            signal(number, SIG_IGN)
            let source = DispatchSource.makeSignalSource(signal: number, queue: .global())
            source.setEventHandler(handler: handler)
            source.resume()
            return source
        }
    }
}
