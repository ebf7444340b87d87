import Foundation
import HTTPLoad
import Synchronization
import TestSupport
import Testing

/// A server that is given what it must not take, while it is asked without a pause.
@Suite struct ServedUnderLoadTests {
    @Test func `bad bundles pushed under load are refused one by one, and every decision is the good one's`() throws {
        try TemporaryFolder.with { folder in
            let repository = try TestRepository.acme(at: folder + "/repository")
            let file = folder + "/served.bundle"
            #expect(try CharterProgram.run("compile", repository.path, "--output", file).status == 0)
            let good = try Data(contentsOf: URL(fileURLWithPath: file))
            let charter = try RunningCharter(["serve", file, "--listen", "127.0.0.1:0", "--state", folder + "/state"])
            let client = try charter.client()
            let before = try client.get("/v1/bundle").json["digest"]
            #expect(before?.stringValue?.hasPrefix("sha256:") == true)
            var flipped = good
            flipped[good.count / 2] ^= 0x10
            let bad = [good.prefix(good.count / 2), flipped, Data(), Data("no bundle".utf8), good + good, Data(count: good.count)]
            let load = try DecisionLoad.run(client) {
                for (number, bytes) in bad.enumerated() {
                    try Data(bytes).write(to: URL(fileURLWithPath: file), options: .atomic)
                    let refused = try eventually {
                        try client.metric(#"charter_bundles_refused_total{reason="BundleBroken"}"#) == Double(number + 1)
                    }
                    #expect(refused, "bad bundle \(number)")
                    #expect(try client.get("/v1/bundle").json["digest"] == before)
                    #expect(try client.get("/readyz").status == 200)
                }
                // What is good again is taken at once.
                try good.write(to: URL(fileURLWithPath: file), options: .atomic)
                #expect(try eventually { try client.reason("Ready") == "InForce" })
            }
            #expect(load.failures == 0, "\(load.firstFailure ?? "")")
            #expect(load.requests > 0)
            // The load asks two things in turn, of which the one is allowed and the other is not.
            let allowed = try client.metric(#"charter_decisions_total{decision="allow"}"#) ?? 0
            let denied = try client.metric(#"charter_decisions_total{decision="deny"}"#) ?? 0
            // Each second begins anew, with half of the connections at either.
            let most = DecisionLoad.connections * max(10, Int(load.seconds) + 1)
            #expect(abs(allowed - denied) <= Double(most), "\(allowed) allowed, \(denied) denied")
            #expect(try charter.interrupt() == 0)
        }
    }

    /// Asks over and over, each time by a program and on a connection of its own, until told to stop.
    ///
    /// On threads, as the tests that run beside this one may hold every thread that a `Task` could run on.
    private final class Callers: Sendable {
        private let counts = Mutex((calls: 0, failures: [String]()))
        private let isEnded = Atomic(false)

        var calls: Int { counts.withLock { $0.calls } }
        var failures: [String] { counts.withLock { $0.failures } }

        func run(in folder: String, url: String) {
            let request = #"""
                {"subject": {"type": "user", "id": "nobody"}, "action": {"name": "llm.chat"}, \#
                "resource": {"type": "model", "id": "openai/gpt-5.4-mini"}}
                """#
            while !isEnded.load(ordering: .relaxed) {
                let begin = ContinuousClock.now
                do {
                    let curl = try ChildProgram(
                        ["curl", "--silent", "--show-error", "--cacert", "ca.pem", "--json", request, url + "/v1/decisions"], in: folder)
                    let status = try curl.wait()
                    // Without a turn for ten seconds it is cut while it connects; a certificate that is wrong has another number.
                    if [35, 52, 55, 56].contains(status), ContinuousClock.now - begin > .seconds(8) { continue }
                    let isRight = status == 0 && curl.output.contains("unknown-subject")
                    counts.withLock { counts in
                        counts.calls += 1
                        if !isRight { counts.failures.append("\(status) \(curl.output) \(curl.errors)") }
                    }
                } catch {
                    counts.withLock { $0.failures.append("\(error)") }
                }
            }
        }

        func end() { isEnded.store(true, ordering: .relaxed) }
    }

    private static func openssl(_ folder: String, _ arguments: String...) throws {
        let program = try ChildProgram(["openssl"] + arguments, in: folder)
        #expect(try program.wait() == 0, "\(program.errors)")
    }

    /// An authority and two certificates of it, of which one ended yesterday.
    private static func certificates(_ folder: String) throws {
        try openssl(
            folder, "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2", "-subj",
            "/CN=authority", "-keyout", "ca.key", "-out", "ca.pem")
        try "subjectAltName=IP:127.0.0.1\n".write(toFile: folder + "/names", atomically: true, encoding: .utf8)
        for (name, days) in [("good", "2"), ("ended", "-1"), ("next", "2")] {
            try openssl(
                folder, "req", "-new", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-subj", "/CN=charter",
                "-keyout", "\(name).key", "-out", "\(name).csr")
            try openssl(
                folder, "x509", "-req", "-in", "\(name).csr", "-CA", "ca.pem", "-CAkey", "ca.key", "-CAcreateserial", "-days", days,
                "-extfile", "names", "-out", "\(name).pem")
        }
    }

    @Test func `an expired certificate put in place under load is not shown to anybody`() throws {
        try TemporaryFolder.with { folder in
            try Self.certificates(folder)
            func put(_ name: String) throws {
                for end in ["key", "pem"] {
                    try Data(contentsOf: URL(fileURLWithPath: "\(folder)/\(name).\(end)"))
                        .write(to: URL(fileURLWithPath: "\(folder)/served.\(end)"), options: .atomic)
                }
            }
            try put("good")
            let repository = try TestRepository.acme(at: folder + "/repository")
            #expect(try CharterProgram.run("compile", repository.path, "--output", folder + "/bundle").status == 0)
            let charter = try RunningCharter([
                "serve", folder + "/bundle", "--listen", "127.0.0.1:0", "--tls-cert", folder + "/served.pem", "--tls-key",
                folder + "/served.key",
            ])
            var url: String?
            _ = eventually {
                url = charter.program.output.firstMatch(of: #/https://127\.0\.0\.1:\d+/#).map { String($0.output) }
                return url != nil || !charter.program.isRunning
            }
            let address = try #require(url, "\(charter.program.errors)")
            let callers = Callers()
            let threads = (0..<4).map { _ in Background { callers.run(in: folder, url: address) } }
            defer { callers.end() }
            /// Waits for calls that begin from now on.
            func goOn() {
                let before = callers.calls
                #expect(eventually { callers.calls >= before + 12 }, "calls go on")
            }
            func reloads(_ outcome: String) throws -> Bool {
                let curl = try ChildProgram(["curl", "--silent", "--cacert", folder + "/ca.pem", address + "/metrics"], in: folder)
                guard try curl.wait() == 0 else { return false }
                return (1...9).contains { curl.output.contains("charter_tls_reloads_total{outcome=\"\(outcome)\"} \($0)") }
            }
            goOn()
            try put("ended")
            #expect(try eventually { try reloads("refused") }, "\(charter.program.errors)")
            #expect(eventually { charter.program.errors.contains("the new certificate is not used") }, "\(charter.program.errors)")
            goOn()
            try put("next")
            #expect(try eventually { try reloads("loaded") }, "\(charter.program.errors)")
            goOn()
            callers.end()
            for thread in threads { try thread.value() }
            #expect(callers.failures.first == nil)
            #expect(try charter.interrupt() == 0)
        }
    }
}
