import CharterClient
import Foundation
import Synchronization
import TestSupport
import Testing

/// The client and a server that speaks TLS.
@Suite struct SecureTests {
    private static let request = DecisionRequest(subject: .user("nobody"), action: "llm.chat", resource: .model("openai/gpt-5.4-mini"))

    @Test func `https is taken from a server that a trusted authority vouches for, and from no other`() async throws {
        let folder = try TemporaryFolder.make()
        defer { try? FileManager.default.removeItem(atPath: folder) }
        try await onOwnThread {
            let repository = try TestRepository.acme(at: folder + "/repository")
            #expect(try CharterProgram.run("compile", repository.path, "--output", folder + "/bundle").status == 0)
            let made = try ChildProgram(
                [
                    "openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2", "-subj",
                    "/CN=charter", "-addext", "subjectAltName=IP:127.0.0.1", "-keyout", "key.pem", "-out", "cert.pem",
                ], in: folder)
            #expect(try made.wait() == 0, "\(made.errors)")
            let charter = try RunningCharter([
                "serve", folder + "/bundle", "--listen", "127.0.0.1:0", "--tls-cert", folder + "/cert.pem", "--tls-key",
                folder + "/key.pem",
            ])
            var url: String?
            _ = eventually {
                url = charter.program.output.firstMatch(of: #/https://127\.0\.0\.1:\d+/#).map { String($0.output) }
                return url != nil || !charter.program.isRunning
            }
            let address = try #require(url, "\(charter.program.errors)")
            let outcome = Mutex<(trusted: Decision?, other: CharterClientError?)>((nil, nil))
            let end = DispatchSemaphore(value: 0)
            Task {
                defer { end.signal() }
                var settings = CharterClient.Configuration(url: address)
                (settings.timeout, settings.connectTimeout) = (.seconds(300), .seconds(60))
                let stranger = try CharterClient(settings)
                settings.tls = ClientTLS(authorities: folder + "/cert.pem")
                let friend = try CharterClient(settings)
                let decision = try? await friend.decide(Self.request)
                outcome.withLock { $0.trusted = decision }
                do throws(CharterClientError) {
                    _ = try await stranger.decide(Self.request)
                } catch {
                    outcome.withLock { $0.other = error }
                }
                await friend.shutdown()
                await stranger.shutdown()
            }
            end.wait()
            let (trusted, other) = outcome.withLock { $0 }
            #expect(trusted?.reasons.first?.code == "unknown-subject")
            guard case .insecure? = other else {
                Issue.record("\(String(describing: other))")
                return
            }
            #expect(try charter.interrupt() == 0)
        }
    }
}
