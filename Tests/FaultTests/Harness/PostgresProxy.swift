import Foundation
import Glibc
import Synchronization
import TestSupport

/// Stands between a client and a Postgres, and cuts the connection, or holds it up, at an instant that a test names.
///
/// It reads what the client sends, as far as it needs: a client that waits for each answer sends every statement by itself.
final class PostgresProxy: Sendable {
    enum Cut: Sendable {
        /// The COMMIT of a transaction that has written a revision never reaches the server.
        case commitNotDelivered
        /// It does, and its answer never reaches the client.
        case answerLost
        /// The client sees the end of the connection while the server has yet to commit.
        case answerNotAwaited
    }

    private struct Plan {
        var cut: Cut?
        var remaining = 0
        var fired = 0
        /// A statement with this text is held back until `release`.
        var held: String?
        var isHolding = false
    }

    private let listener: LoopbackListener
    private let socket: String
    private let plan = Mutex(Plan())

    var port: UInt16 { listener.port }
    func url(database: String = "charter") -> String { "postgresql://charter@127.0.0.1:\(port)/\(database)?sslmode=disable" }

    /// How many connections were cut.
    var fired: Int { plan.withLock { $0.fired } }
    /// Whether a statement is being held back.
    var isHolding: Bool { plan.withLock { $0.isHolding } }

    /// - Parameter socket: the server's.
    init(to socket: String) throws {
        listener = try LoopbackListener()
        self.socket = socket
        let listener = listener
        Thread.detachNewThread { [weak self] in
            while let client = listener.accept() {
                guard let self, let server = Self.connect(socket) else {
                    close(client)
                    continue
                }
                Thread.detachNewThread { self.carry(client, server) }
            }
        }
    }

    /// Ends the proxy; connections that are up stay up.
    func stop() { listener.stop() }

    /// Cuts so many commits, from now on.
    func cut(_ cut: Cut?, times: Int = 1) {
        plan.withLock {
            $0.cut = cut
            $0.remaining = cut == nil ? 0 : times
        }
    }

    /// Holds back the next statement with this text, and what would follow it.
    func hold(_ text: String) { plan.withLock { $0.held = text } }

    func release() {
        plan.withLock {
            $0.held = nil
            $0.isHolding = false
        }
    }

    private static func connect(_ path: String) -> Int32? {
        let descriptor = Glibc.socket(AF_UNIX, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: Array(path.utf8).prefix($0.count - 1)) }
        let isConnected = withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                Glibc.connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_un>.size)) == 0
            }
        }
        if isConnected { return descriptor }
        close(descriptor)
        return nil
    }

    private static let commit = [UInt8(ascii: "Q"), 0, 0, 0, 11] + Array("COMMIT".utf8) + [0]

    /// Carries bytes both ways until one side ends.
    private func carry(_ client: Int32, _ server: Int32) {
        defer {
            close(client)
            close(server)
        }
        var hasWritten = false
        var losesAnswer = false
        var chunk = [UInt8](repeating: 0, count: 65_536)
        while true {
            let isHolding = plan.withLock { $0.isHolding }
            var sides = [
                pollfd(fd: isHolding ? -1 : client, events: Int16(POLLIN), revents: 0),
                pollfd(fd: server, events: Int16(POLLIN), revents: 0),
            ]
            guard poll(&sides, 2, isHolding ? 10 : -1) >= 0 || errno == EINTR else { return }
            if sides[1].revents != 0 {
                let count = recv(server, &chunk, chunk.count, 0)
                guard count > 0, !losesAnswer, Self.send(chunk[..<count], to: client) else { return }
            }
            if sides[0].revents != 0 {
                let count = recv(client, &chunk, chunk.count, 0)
                guard count > 0 else { return }
                let bytes = chunk[..<count]
                waitIfHeld(bytes)
                if Self.contains(bytes, "INSERT INTO governance.revision") { hasWritten = true }
                let isCommit = bytes.elementsEqual(Self.commit)
                if isCommit, hasWritten, let cut = takeCut() {
                    switch cut {
                    case .commitNotDelivered: return
                    case .answerNotAwaited:
                        shutdown(client, Int32(SHUT_RDWR))
                        _ = Self.send(bytes, to: server)
                        losesAnswer = true
                        continue
                    case .answerLost: losesAnswer = true
                    }
                }
                if isCommit { hasWritten = false }
                guard Self.send(bytes, to: server) else { return }
                if losesAnswer, !waitForAnswer(server) { return }
            }
        }
    }

    private func waitForAnswer(_ server: Int32) -> Bool {
        var side = pollfd(fd: server, events: Int16(POLLIN), revents: 0)
        return poll(&side, 1, 60_000) > 0
    }

    private func takeCut() -> Cut? {
        plan.withLock {
            guard $0.remaining > 0, let cut = $0.cut else { return nil }
            $0.remaining -= 1
            $0.fired += 1
            return cut
        }
    }

    private func waitIfHeld(_ bytes: ArraySlice<UInt8>) {
        let isHeld = plan.withLock { plan in
            guard let text = plan.held, Self.contains(bytes, text) else { return false }
            plan.held = nil
            plan.isHolding = true
            return true
        }
        if isHeld { _ = eventually(within: .seconds(120)) { !isHolding } }
    }

    private static func contains(_ bytes: ArraySlice<UInt8>, _ text: String) -> Bool {
        bytes.firstRange(of: Array(text.utf8)) != nil
    }

    private static func send(_ bytes: ArraySlice<UInt8>, to descriptor: Int32) -> Bool {
        var rest = bytes
        while !rest.isEmpty {
            let count = rest.withUnsafeBytes { Glibc.send(descriptor, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL)) }
            guard count > 0 else { return false }
            rest = rest.dropFirst(count)
        }
        return true
    }
}
