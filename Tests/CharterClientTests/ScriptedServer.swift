import Foundation
import Glibc
import Synchronization
import TestSupport

/// A server that does to each connection what a test wants: bytes for bytes.
final class ScriptedServer: Sendable {
    /// What it does when a request has come.
    enum Step: Sendable {
        case answer(String)
        /// Sends this and closes.
        case last(String)
        case close
        /// Never answers.
        case silence
    }

    private let listener: LoopbackListener
    private let log = RequestLog()
    var port: UInt16 { listener.port }
    /// Heads and bodies of the requests so far.
    var requests: [String] { log.texts.withLock { $0 } }

    /// - Parameter connections: what happens on the first, the second, …; the last list holds for all that follow.
    init(_ connections: [[Step]]) throws {
        listener = try LoopbackListener()
        let (listener, log) = (listener, log)
        Thread.detachNewThread {
            var number = 0
            while let connection = listener.accept() {
                let steps = connections[min(number, connections.count - 1)]
                number += 1
                Thread.detachNewThread { Self.serve(connection, steps) { text in log.texts.withLock { $0.append(text) } } }
            }
        }
    }

    deinit { listener.stop() }

    private static func serve(_ connection: Int32, _ steps: [Step], _ record: (String) -> Void) {
        // A process that another test is starting holds the connection too until it has become another program.
        defer {
            shutdown(connection, Int32(SHUT_RDWR))
            close(connection)
        }
        for step in steps {
            guard let request = read(connection) else { return }
            record(request)
            switch step {
            case .answer(let text): write(text, to: connection)
            case .last(let text):
                write(text, to: connection)
                return
            case .close: return
            case .silence: _ = read(connection)
            }
        }
        // Until the client goes.
        _ = read(connection)
    }

    private static func write(_ text: String, to connection: Int32) {
        _ = text.withCString { send(connection, $0, strlen($0), Int32(MSG_NOSIGNAL)) }
    }

    /// A whole request, or `nil` at the end.
    private static func read(_ connection: Int32) -> String? {
        var text = ""
        var buffer = [UInt8](repeating: 0, count: 65_536)
        while true {
            if let end = text.firstRange(of: "\r\n\r\n") {
                let length = text.firstMatch(of: /(?i)content-length: (\d+)/).flatMap { Int($0.output.1) } ?? 0
                if text[end.upperBound...].utf8.count >= length { return text }
            }
            let count = recv(connection, &buffer, buffer.count, 0)
            if count <= 0 { return nil }
            text += String(decoding: buffer.prefix(count), as: UTF8.self)
        }
    }
}

private final class RequestLog: Sendable {
    let texts = Mutex<[String]>([])
}
