import Foundation
import HTTPService
import NIOCore
import NIOHTTP1
import NIOPosix
import NIOSSL
import TestSupport
import Testing

/// Encrypted connections, with certificates that openssl makes.
@Suite struct TLSTests {
    /// Certificates in a folder of their own.
    private struct Workshop {
        let folder: String

        func openssl(_ arguments: String...) throws {
            let child = try ChildProgram(["openssl"] + arguments, in: folder)
            guard try child.wait() == 0 else { throw Failure("openssl \(arguments): \(child.errors)") }
        }

        /// An authority: `NAME.pem` and `NAME.key`.
        func authority(_ name: String) throws {
            try openssl(
                "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-keyout", "\(name).key", "-out",
                "\(name).pem",
                "-subj", "/CN=\(name)", "-days", "30", "-addext", "basicConstraints=critical,CA:TRUE")
        }

        /// A certificate that an authority has signed: `NAME.pem` and `NAME.key`.
        ///
        /// - Parameter days: how long it holds; a negative number for one that has ended.
        func certificate(_ name: String, by authority: String, names: String, days: Int = 30, client: Bool = false) throws {
            try openssl(
                "req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-keyout", "\(name).key", "-out", "\(name).csr",
                "-subj",
                "/CN=\(name)")
            let extensions = "subjectAltName=\(names)\nextendedKeyUsage=\(client ? "clientAuth" : "serverAuth")\n"
            try Data(extensions.utf8).write(to: URL(fileURLWithPath: "\(folder)/\(name).ext"))
            func time(_ days: Int) -> String {
                let formatter = DateFormatter()
                formatter.timeZone = TimeZone(identifier: "UTC")
                formatter.locale = Locale(identifier: "en_US_POSIX")
                formatter.dateFormat = "yyyyMMddHHmmss'Z'"
                return formatter.string(from: Date().addingTimeInterval(Double(days) * 86_400))
            }
            // `ca` alone can set both ends.
            let configuration = """
                [ca]
                default_ca = here
                [here]
                dir = .
                database = ./index.txt
                serial = ./serial
                new_certs_dir = .
                default_md = sha256
                policy = any
                unique_subject = no
                [any]
                commonName = supplied

                """
            try Data(configuration.utf8).write(to: URL(fileURLWithPath: "\(folder)/ca.conf"))
            if !FileManager.default.fileExists(atPath: "\(folder)/index.txt") {
                try Data().write(to: URL(fileURLWithPath: "\(folder)/index.txt"))
                try Data("1000\n".utf8).write(to: URL(fileURLWithPath: "\(folder)/serial"))
            }
            try openssl(
                "ca", "-batch", "-notext", "-config", "ca.conf", "-cert", "\(authority).pem", "-keyfile", "\(authority).key", "-in",
                "\(name).csr", "-out", "\(name).pem", "-extfile", "\(name).ext", "-startdate", time(min(-1, days - 1)), "-enddate",
                time(days))
        }

        func path(_ file: String) -> String { "\(folder)/\(file)" }

        var files: TLSFiles { TLSFiles(certificateChain: path("server.pem"), privateKey: path("server.key")) }

        /// One file in the place of another, at once.
        func replace(_ file: String, by other: String) throws {
            let copy = path(file) + ".new"
            try? FileManager.default.removeItem(atPath: copy)
            try FileManager.default.copyItem(atPath: path(other), toPath: copy)
            guard rename(copy, path(file)) == 0 else { throw Failure("rename \(file)") }
        }
    }

    private func inWorkshop(_ body: (Workshop) async throws -> Void) async throws {
        let folder = try TemporaryFolder.make()
        defer { TemporaryFolder.remove(folder) }
        let workshop = Workshop(folder: folder)
        try await onOwnThread {
            try workshop.authority("ca")
            try workshop.certificate("server", by: "ca", names: "DNS:localhost,IP:127.0.0.1")
        }
        try await body(workshop)
    }

    private func client(
        _ workshop: Workshop, certificate: String? = nil, _ change: (inout TLSConfiguration) -> Void = { _ in }
    ) throws -> NIOSSLContext {
        var configuration = TLSConfiguration.makeClientConfiguration()
        configuration.trustRoots = .file(workshop.path("ca.pem"))
        if let certificate {
            configuration.certificateChain = try NIOSSLCertificate.fromPEMFile(workshop.path("\(certificate).pem")).map { .certificate($0) }
            configuration.privateKey = .privateKey(try NIOSSLPrivateKey(file: workshop.path("\(certificate).key"), format: .pem))
        }
        change(&configuration)
        return try NIOSSLContext(configuration: configuration)
    }

    private func serving(_ files: TLSFiles, _ body: (TestService) async throws -> Void) async throws {
        let identity = try TLSIdentity(files)
        try await TestService.run(configured { $0.tls = identity }, test: body)
    }

    private static let hello = "GET /hello HTTP/1.1\r\nHost: localhost\r\n\r\n"

    /// The status of a request on a connection of its own; `nil` where there is none.
    private func status(_ service: TestService, _ context: NIOSSLContext, _ text: String = hello) async throws -> Int? {
        let client = try await RawClient.connect(port: service.port, tls: context, saying: text)
        let response = try? await client.response()
        await client.close()
        return response?.status
    }

    @Test func `requests are answered over TLS 1.3, and over nothing older`() async throws {
        try await inWorkshop { workshop in
            try await serving(workshop.files) { service in
                #expect(try await status(service, try client(workshop)) == 200)
                #expect(try await status(service, try client(workshop) { $0.maximumTLSVersion = .tlsv12 }) == nil)
                #expect(try await status(service, try client(workshop) { $0.minimumTLSVersion = .tlsv13 }) == 200)
                // Plain HTTP to a port that speaks TLS is not answered.
                let plain = try await service.connect()
                plain.send(Self.hello)
                try await plain.untilClosed()
                #expect(!plain.text.contains("HTTP/1.1"))
                await plain.close()
                #expect(service.page.contains("charter_tls_certificate_expiry_timestamp_seconds 1"))
            }
        }
    }

    @Test func `large bodies, pipelines and half-closed connections work as they do in the plain`() async throws {
        try await inWorkshop { workshop in
            try await serving(workshop.files) { service in
                let context = try client(workshop)
                let first = try await RawClient.connect(port: service.port, tls: context)
                let body = String(repeating: "y", count: 300_000)
                let echo = try await first.exchange("POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: \(body.utf8.count)\r\n\r\n\(body)")
                #expect(echo.body == body)
                #expect(try await first.exchange("GET /large HTTP/1.1\r\nHost: a\r\n\r\n").body.utf8.count == 1 << 20)
                first.send(String(repeating: Self.hello, count: 20))
                #expect(try await first.responses(20).allSatisfy { $0.body == "hello" })
                // What is refused is told before the connection ends.
                let refused = try await first.exchange("POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nx")
                #expect(refused.status == 400)
                try await first.untilClosed()
                await first.close()
            }
        }
    }

    @Test func `a handshake that does not go on is ended`() async throws {
        try await inWorkshop { workshop in
            let identity = try TLSIdentity(workshop.files)
            try await TestService.run(
                configured {
                    $0.tls = identity
                    // Long enough for a good handshake while other tests run.
                    $0.headerTimeout = .seconds(2)
                }
            ) { service in
                let silent = try await service.connect()
                try await silent.untilClosed()
                await silent.close()
                // The beginning of a ClientHello that promises more.
                let slow = try await service.connect()
                slow.send("\u{16}\u{03}\u{01}\u{02}\u{00}\u{01}")
                try await slow.untilClosed()
                await slow.close()
                try await waitUntil("a good one is answered") { try await status(service, try client(workshop)) == 200 }
            }
        }
    }

    @Test func `new files take effect for new connections, bad ones do not, and no connection is dropped`() async throws {
        try await inWorkshop { workshop in
            try await onOwnThread {
                try workshop.authority("ca2")
                try workshop.certificate("second", by: "ca2", names: "DNS:localhost,IP:127.0.0.1")
                try workshop.certificate("ended", by: "ca2", names: "DNS:localhost,IP:127.0.0.1", days: -1)
            }
            try await serving(workshop.files) { service in
                let (trustsFirst, trustsSecond) = (
                    try client(workshop), try client(workshop) { $0.trustRoots = .file(workshop.path("ca2.pem")) }
                )
                let old = try await RawClient.connect(port: service.port, tls: trustsFirst)
                #expect(try await old.exchange(Self.hello).status == 200)
                #expect(try await status(service, trustsSecond) == nil)

                // A certificate without its key, and one that has ended, are refused.
                func refused() -> Double { service.page.sample("charter_tls_reloads_total{outcome=\"refused\"}") ?? 0 }
                try workshop.replace("server.pem", by: "second.pem")
                try await waitUntil("the half pair is refused") { refused() > 0 }
                #expect(try await status(service, trustsFirst) == 200)
                let before = refused()
                try workshop.replace("server.pem", by: "ended.pem")
                try workshop.replace("server.key", by: "ended.key")
                try await waitUntil("the ended one is refused") { refused() > before }
                #expect(try await status(service, trustsFirst) == 200)

                try workshop.replace("server.pem", by: "second.pem")
                try workshop.replace("server.key", by: "second.key")
                try await waitUntil("the new pair is loaded") { service.page.contains("charter_tls_reloads_total{outcome=\"loaded\"} 1") }
                #expect(try await status(service, trustsSecond) == 200)
                #expect(try await status(service, trustsFirst) == nil)
                #expect(try await old.exchange(Self.hello).status == 200, "what was begun goes on")
                await old.close()
            }
        }
    }

    @Test func `files that cannot be used are told of at the start`() async throws {
        try await inWorkshop { workshop in
            try workshop.certificate("other", by: "ca", names: "DNS:localhost")
            let cases = [
                TLSFiles(certificateChain: workshop.path("none.pem"), privateKey: workshop.path("server.key")),
                TLSFiles(certificateChain: workshop.path("server.pem"), privateKey: workshop.path("none.key")),
                TLSFiles(certificateChain: workshop.path("server.pem"), privateKey: workshop.path("other.key")),
                TLSFiles(certificateChain: workshop.path("server.key"), privateKey: workshop.path("server.key")),
                TLSFiles(
                    certificateChain: workshop.path("server.pem"), privateKey: workshop.path("server.key"),
                    clientAuthorities: workshop.path("none.pem")),
            ]
            for files in cases { #expect(throws: TLSFiles.Failure.self, "\(files)") { try TLSIdentity(files) } }
            // One that has ended is shown all the same.
            try workshop.certificate("ended", by: "ca", names: "DNS:localhost", days: -2)
            let identity = try TLSIdentity(TLSFiles(certificateChain: workshop.path("ended.pem"), privateKey: workshop.path("ended.key")))
            #expect(identity.isExpired)
        }
    }

    @Test func `certificates of clients are verified, and handlers are told whose they are`() async throws {
        try await inWorkshop { workshop in
            try workshop.authority("strangers")
            try workshop.certificate(
                "machine", by: "ca", names: "URI:spiffe://acme.example/machine,URI:charter:service-account/m", client: true)
            try workshop.certificate("ended", by: "ca", names: "URI:spiffe://acme.example/machine", days: -1, client: true)
            try workshop.certificate("strange", by: "strangers", names: "URI:spiffe://acme.example/machine", client: true)
            try workshop.certificate("web", by: "ca", names: "URI:spiffe://acme.example/machine", client: false)
            var files = workshop.files
            files.clientAuthorities = workshop.path("ca.pem")
            try await serving(files) { (service: TestService) async throws -> Void in
                func who(_ certificate: String?) async throws -> String? {
                    let connection = try await RawClient.connect(port: service.port, tls: try client(workshop, certificate: certificate))
                    let response = try? await connection.exchange("GET /peer HTTP/1.1\r\nHost: a\r\n\r\n")
                    await connection.close()
                    return response?.body
                }
                #expect(try await who("machine") == "spiffe://acme.example/machine charter:service-account/m machine")
                #expect(try await who(nil) == "nobody")
                #expect(try await who("ended") == nil)
                #expect(try await who("strange") == nil)
                #expect(try await who("web") == nil, "made for servers, not for clients")
            }
            // Where none is asked for, none is believed.
            try await serving(workshop.files) { service in
                let connection = try await RawClient.connect(port: service.port, tls: try client(workshop, certificate: "machine"))
                #expect(try await connection.exchange("GET /peer HTTP/1.1\r\nHost: a\r\n\r\n").body == "nobody")
                await connection.close()
            }
        }
    }
}
