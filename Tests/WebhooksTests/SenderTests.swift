import Foundation
import Glibc
import TestSupport
import Testing

@testable import Webhooks

@Suite struct SenderTests {
    private static let key = Array("a key of more than sixteen bytes".utf8)
    private static let body = Array(#"{"type":"charter.test"}"#.utf8)

    /// Why a message to `url` was not delivered; `nil` if it was.
    private func failure(_ url: String, id: String = "msg_1", key: [UInt8]? = key, timeout: Int = 120) -> String? {
        do throws(WebhookSender.Failure) {
            try WebhookSender.send(Self.body, id: id, time: 1_614_265_330, to: url, key: key, timeout: timeout)
            return nil
        } catch {
            return error.description
        }
    }

    private func with<Value>(_ answer: String?, _ body: (Receiver, String) throws -> Value) throws -> Value {
        let receiver = try Receiver(answer)
        defer { receiver.close() }
        return try body(receiver, "http://127.0.0.1:\(receiver.port)/alerts")
    }

    @Test func `what is sent can be checked by its receiver`() throws {
        try with("HTTP/1.1 204 No Content\r\n\r\n") { receiver, url in
            #expect(failure(url) == nil)
            let request = try #require(receiver.requests.first)
            #expect(
                request.hasPrefix("POST /alerts HTTP/1.1\r\n") && request.hasSuffix("\r\n\r\n" + String(decoding: Self.body, as: UTF8.self))
            )
            let lines = request.split(separator: "\r\n").map(String.init)
            func header(_ name: String) -> String? {
                lines.first { $0.lowercased().hasPrefix(name + ": ") }.map { String($0.dropFirst(name.count + 2)) }
            }
            #expect(header("content-type") == "application/json" && header("webhook-id") == "msg_1")
            let receipt = try WebhookReceipt(secret: String(decoding: Self.key, as: UTF8.self))
            _ = try receipt.check(.standard, body: Self.body, now: 1_614_265_330, header: header)
        }
    }

    @Test func `without a key it is sent unsigned`() throws {
        try with("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n") { receiver, url in
            #expect(failure(url, key: nil) == nil)
            #expect(receiver.requests.first?.contains("webhook-signature") == false)
        }
    }

    @Test(arguments: [400, 401, 404, 410, 429, 500, 503]) func `an answer that is not 2xx is no delivery`(status: Int) throws {
        try with("HTTP/1.1 \(status) No\r\nContent-Length: 2\r\n\r\nno") { _, url in
            #expect(failure(url) == "answered with status \(status)")
        }
    }

    @Test(arguments: [301, 302, 307, 308]) func `a redirect is not followed`(status: Int) throws {
        try with("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n") { elsewhere, target in
            try with("HTTP/1.1 \(status) Moved\r\nLocation: \(target)\r\nContent-Length: 0\r\n\r\n") { receiver, url in
                #expect(failure(url) == "answered with status \(status)")
                #expect(receiver.requests.count == 1)
            }
            #expect(elsewhere.requests.isEmpty)
        }
    }

    @Test func `a receiver that does not answer is given up`() throws {
        try with(nil) { receiver, url in
            let reason = try #require(failure(url, timeout: 1))
            #expect(reason.hasPrefix("not delivered: ") && reason.contains("timed out"), "\(reason)")
            // The receiver may read it later than it was given up.
            #expect(eventually { receiver.requests.count == 1 })
        }
    }

    @Test func `an answer without end is not read to its end`() throws {
        let much = String(repeating: "x", count: 1 << 20)
        try with("HTTP/1.1 200 OK\r\nContent-Length: 1000000000000\r\n\r\n\(much)") { _, url in
            #expect(failure(url) == nil)
        }
    }

    @Test func `nobody who listens, and no HTTP, are failures`() throws {
        let port = try with("") { receiver, url in
            #expect(failure(url)?.hasPrefix("not delivered: ") == true)
            return receiver.port
        }
        #expect(failure("http://127.0.0.1:\(port)/alerts")?.hasPrefix("not delivered: ") == true)
    }

    @Test(arguments: [
        "http://example.com/", "http://127.0.0.1@example.com/", "http://localhost.example.com/", "ftp://localhost/", "file:///etc/passwd",
        "http://127.0.0.2/", "gopher://127.0.0.1/", "HTTPS://example.com/", "https://exa mple.com/", "https://example.com/\r\nX: y",
    ])
    func `messages go to https, or to http on this machine`(url: String) {
        #expect(failure(url) == "the receiver must be https, or http on this machine")
    }

    @Test func `an id cannot bring headers of its own`() throws {
        try with("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n") { receiver, url in
            #expect(failure(url, id: "msg\r\nX-Other: 1") != nil)
            #expect(receiver.requests.isEmpty)
        }
    }

    @Test func `a certificate that nobody trusts is refused`() throws {
        let folder = "/tmp/charter-webhooks-tests-" + UUID().uuidString
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let made = try run(
            "exec openssl req -x509 -newkey ed25519 -nodes -subj /CN=localhost -addext subjectAltName=DNS:localhost -keyout key -out crt",
            in: folder)
        #expect(wait(made) == 0)
        let server = try run("exec openssl s_server -accept 127.0.0.1:0 -cert crt -key key -www > accept 2>&1", in: folder)
        defer {
            kill(server, SIGKILL)
            _ = wait(server)
        }
        var port: Substring?
        let deadline = ContinuousClock.now + .seconds(300)
        while port == nil, ContinuousClock.now < deadline {
            let text = (try? String(contentsOfFile: folder + "/accept", encoding: .utf8)) ?? ""
            port = text.firstMatch(of: #/ACCEPT 127\.0\.0\.1:(\d+)/#)?.output.1
            usleep(10_000)
        }
        let found = try #require(port)
        let reason = try #require(failure("https://localhost:\(found)/alerts"))
        #expect(reason.hasPrefix("not delivered: ") && reason.contains("certificate"), "\(reason)")
    }

    private func run(_ command: String, in folder: String) throws -> pid_t {
        let arguments = ["/bin/sh", "-c", "cd '\(folder)' && \(command)"]
        let argv = arguments.map { strdup($0) } + [nil]
        let path = "PATH=\(ProcessInfo.processInfo.environment["PATH"] ?? "/usr/bin:/bin")"
        let envp = [strdup(path), nil]
        defer { for string in argv + envp { free(string) } }
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        for (number, flags) in [(Int32(0), O_RDONLY), (1, O_WRONLY), (2, O_WRONLY)] {
            posix_spawn_file_actions_addopen(&actions, number, "/dev/null", flags, 0)
        }
        var process: pid_t = 0
        guard posix_spawn(&process, "/bin/sh", &actions, nil, argv, envp) == 0 else { throw POSIXError(.EAGAIN) }
        return process
    }

    private func wait(_ process: pid_t) -> Int32 {
        var status: Int32 = 0
        while waitpid(process, &status, 0) < 0, errno == EINTR {}
        return status
    }
}
