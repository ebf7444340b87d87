import Foundation
import Glibc
import HTTPLoad
import Postgres
import TestSupport
import Testing

/// Decisions that were answered are recorded, or counted as lost, whatever happens meanwhile.
@Suite struct DecisionLogFaultTests {
    /// Seconds that Postgres is away; a minute where somebody has the time.
    private static let outage = Double(ProcessInfo.processInfo.environment["CHARTER_OUTAGE_SECONDS"] ?? "") ?? 6

    private func withCharter(
        _ more: [String] = [], body: (String, OwnCluster, RunningCharter, HTTPClient) throws -> Void
    ) throws {
        try TemporaryFolder.with { folder in
            let repository = try TestRepository.acme(at: folder + "/acme")
            let cluster = try OwnCluster(in: folder)
            let charter = try RunningCharter(
                ["up", repository.path, "--state", folder + "/state", "--listen", "127.0.0.1:0", "--database", cluster.url] + more)
            try body(folder, cluster, charter, try charter.client())
            try cluster.stop(.immediate)
        }
    }

    private static func waitForAllowed(_ client: HTTPClient, beyond count: Double) throws {
        let goesOn = try eventually { (try client.metric(#"charter_decisions_total{decision="allow"}"#) ?? 0) > count }
        #expect(goesOn)
    }

    @Test func `Postgres gone under load: decisions go on, and all of them are recorded when it is back`() throws {
        try withCharter { _, cluster, charter, client in
            var during = 0
            let load = try DecisionLoad.run(client) {
                usleep(500_000)
                try cluster.stop(.immediate)
                let before = try client.metric(#"charter_decisions_total{decision="allow"}"#) ?? 0
                #expect(
                    try eventually {
                        try client.reason("DecisionsUnrecorded") == "SinkUnavailable"
                    }, "that decisions wait is told")
                usleep(UInt32(Self.outage * 1e6))
                try Self.waitForAllowed(client, beyond: before)
                during = Int((try client.metric(#"charter_decisions_total{decision="allow"}"#) ?? 0) - before)
                #expect(try client.get("/readyz").status == 200)
                try cluster.start()
            }
            #expect(load.failures == 0, "\(load.firstFailure ?? "")")
            #expect(during > 0)
            let database = try cluster.connect()
            let account = try DecisionLoad.account(client, database)
            #expect(account.answered == account.taken)
            #expect(account.recorded == account.taken && account.lost == 0)
            // What was on its way when a part of the load ended was answered too.
            #expect(account.answered >= load.requests)
            try DecisionLoad.expectWhole(database)
            #expect(try eventually { try client.reason("DecisionsUnrecorded") == "Recorded" })
            #expect(try charter.interrupt() == 0)
        }
    }

    @Test func `kill -9 under load: what was answered before is recorded after the restart`() throws {
        try withCharter { folder, cluster, charter, client in
            // So that much of it still waits on disk when it ends.
            let blocker = try cluster.connect()
            try blocker.script("BEGIN; LOCK TABLE runtime.decision_streams IN ACCESS EXCLUSIVE MODE")
            let load = try DecisionLoad.run(client, seconds: 0.5, endsServer: true) {
                let isLoaded = try eventually { (try client.metric("charter_decision_log_taken_decisions") ?? 0) > 1000 }
                #expect(isLoaded)
                charter.program.signal(SIGKILL)
            }
            _ = try charter.program.wait()
            blocker.close()
            #expect(load.requests > 0)
            let again = try RunningCharter(
                up: folder + "/acme", state: folder + "/state", database: cluster.url)
            let restarted = try again.client()
            let database = try cluster.connect()
            let account = try DecisionLoad.account(restarted, database)
            // The generator counts an answer when it has read it: what was decided and not read is recorded too.
            #expect(account.recorded + account.lost == account.taken)
            #expect(account.lost == 0)
            #expect(account.recorded >= load.requests)
            try DecisionLoad.expectWhole(database)
            #expect(try again.interrupt() == 0)
        }
    }

    @Test func `disk full while Postgres is gone: decisions go on, and what is lost is counted to the last`() throws {
        try TemporaryFolder.with { folder in
            let repository = try TestRepository.acme(at: folder + "/acme")
            let cluster = try OwnCluster(in: folder)
            try SmallDisk.with(megabytes: 24, at: folder + "/disk") { disk in
                let charter = try RunningCharter([
                    "up", repository.path, "--state", folder + "/state", "--listen", "127.0.0.1:0", "--database", cluster.url,
                    "--log-spool", disk.path + "/spool", "--log-spool-mb", "1024",
                ])
                let client = try charter.client()
                let load = try DecisionLoad.run(client) {
                    try cluster.stop(.immediate)
                    try disk.fill()
                    #expect(
                        try eventually { (try client.metric(#"charter_decision_log_lost_decisions{sink="postgres"}"#) ?? 0) > 0 },
                        "the disk does not get full")
                    #expect(try eventually { try client.reason("DecisionsUnrecorded") == "DecisionsLost" })
                    disk.empty()
                    try cluster.start()
                }
                #expect(load.failures == 0, "\(load.firstFailure ?? "")")
                let database = try cluster.connect()
                let account = try DecisionLoad.account(client, database)
                #expect(account.answered == account.taken)
                #expect(account.lost > 0 && account.recorded > 0)
                #expect(account.recorded + account.lost == account.taken)
                try DecisionLoad.expectWhole(database)
                // Somebody is told.
                #expect(
                    try eventually {
                        try database.query("SELECT FROM governance.events WHERE reason = 'DecisionsLost' AND type = 'Warning'").count > 0
                    })
                #expect(try charter.interrupt() == 0)
            }
            try cluster.stop(.immediate)
        }
    }

    @Test func `the clock jumps under load, and every decision is recorded on the day it was made`() throws {
        let folders = (try? FileManager.default.contentsOfDirectory(atPath: "/usr/lib")) ?? []
        let libraries = folders.map { "/usr/lib/" + $0 + "/faketime/libfaketimeMT.so.1" }
        guard let library = libraries.first(where: { Glibc.access($0, R_OK) == 0 }) else {
            print("\n!!! NOT TESTED: a clock that jumps. faketime is not installed (deploy/install-packages.sh does that)\n")
            return
        }
        try TemporaryFolder.with { folder in
            let repository = try TestRepository.acme(at: folder + "/acme")
            let cluster = try OwnCluster(in: folder)
            let clock = folder + "/clock"
            func set(_ offset: String) throws { try offset.write(toFile: clock, atomically: true, encoding: .utf8) }
            try set("+0d")
            let charter = try RunningCharter(
                ["up", repository.path, "--state", folder + "/state", "--listen", "127.0.0.1:0", "--database", cluster.url],
                environment: [
                    "LD_PRELOAD": library, "FAKETIME_TIMESTAMP_FILE": clock, "FAKETIME_NO_CACHE": "1", "FAKETIME_DONT_FAKE_MONOTONIC": "1",
                ])
            let client = try charter.client()
            let load = try DecisionLoad.run(client) {
                for offset in ["-3d", "+400d", "+0d"] {
                    let before = try client.metric("charter_decision_log_taken_decisions") ?? 0
                    try set(offset)
                    #expect(try eventually { (try client.metric("charter_decision_log_taken_decisions") ?? 0) > before + 50 })
                }
            }
            #expect(load.failures == 0, "\(load.firstFailure ?? "")")
            let database = try cluster.connect()
            let account = try DecisionLoad.account(client, database)
            #expect(account.recorded == account.taken && account.lost == 0 && account.answered == account.taken)
            let days = try database.query("SELECT DISTINCT (at AT TIME ZONE 'UTC')::date AS day FROM runtime.decisions").count
            #expect(days >= 3)
            #expect(try database.query("SELECT FROM runtime.decisions_default LIMIT 1").isEmpty)
            try DecisionLoad.expectWhole(database)
            #expect(try charter.interrupt() == 0)
            try cluster.stop(.immediate)
        }
    }

    @Test func `slow and malformed clients beside the load take nothing from it`() throws {
        try withCharter { _, cluster, charter, client in
            let load = try DecisionLoad.run(client) {
                var sockets: [Int32] = []
                defer { for socket in sockets { close(socket) } }
                // A hundred that never finish their head, and a hundred that never finish their body.
                for number in 0..<200 {
                    let socket = try RawSocket.connect(client.port)
                    let head = "POST /v1/decisions HTTP/1.1\r\nHost: h\r\n"
                    RawSocket.send(socket, number % 2 == 0 ? head : head + "Content-Length: 1000\r\n\r\n{")
                    sockets.append(socket)
                }
                for text in RawSocket.malformed {
                    let socket = try RawSocket.connect(client.port)
                    RawSocket.send(socket, text)
                    let answer = RawSocket.receive(socket)
                    close(socket)
                    #expect(answer.hasPrefix("HTTP/1.1 4") || answer.hasPrefix("HTTP/1.1 5"), "\(text.prefix(80)): \(answer.prefix(80))")
                    #expect(!answer.hasPrefix("HTTP/1.1 500"))
                }
            }
            #expect(load.failures == 0, "\(load.firstFailure ?? "")")
            #expect(load.requests > 0)
            let database = try cluster.connect()
            let account = try DecisionLoad.account(client, database)
            #expect(account.answered == account.taken && account.recorded == account.taken)
            #expect(try charter.interrupt() == 0)
        }
    }
}

/// Bytes over TCP.
enum RawSocket {
    static func connect(_ port: UInt16) throws -> Int32 {
        let socket = Glibc.socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = port.bigEndian
        address.sin_addr.s_addr = UInt32(0x7f00_0001).bigEndian
        let code = withUnsafePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { Glibc.connect(socket, $0, socklen_t(MemoryLayout<sockaddr_in>.size)) }
        }
        guard code == 0 else { throw Failure("cannot connect: \(String(cString: strerror(errno)))") }
        var limit = timeval(tv_sec: 120, tv_usec: 0)
        setsockopt(socket, SOL_SOCKET, SO_RCVTIMEO, &limit, socklen_t(MemoryLayout<timeval>.size))
        return socket
    }

    static func send(_ socket: Int32, _ text: String) {
        let bytes = Array(text.utf8)
        _ = Glibc.send(socket, bytes, bytes.count, Int32(MSG_NOSIGNAL))
    }

    static func receive(_ socket: Int32) -> String {
        var buffer = [UInt8](repeating: 0, count: 4096)
        let count = recv(socket, &buffer, buffer.count, 0)
        return String(decoding: buffer.prefix(max(0, count)), as: UTF8.self)
    }

    private static func post(_ fields: String, _ body: String) -> String {
        "POST /v1/decisions HTTP/1.1\r\nHost: h\r\nContent-Type: application/json\r\n\(fields)\r\n\(body)"
    }

    static let malformed: [String] = [
        "nonsense\r\n\r\n",
        post("Transfer-Encoding: chunked\r\n", "zz\r\n{}\r\n0\r\n\r\n"),
        post("Transfer-Encoding: chunked\r\nContent-Length: 2\r\n", "{}"),
        post("Content-Length: 2\r\nContent-Length: 3\r\n", "{}"),
        post("X-Huge: " + String(repeating: "x", count: 70_000) + "\r\nContent-Length: 2\r\n", "{}"),
        post("Content-Length: 99999999\r\n", "{}"),
        post("Content-Length: 2\r\n", "{]"),
        post("Content-Length: 200000\r\n", String(repeating: "[", count: 200_000)),
        post("Content-Length: 5\r\n", "\u{0}\u{1}{}}"),
        "POST /v1/decisions/../../etc/passwd HTTP/1.1\r\nHost: h\r\nContent-Length: 2\r\n\r\n{}",
        "GET /%00 HTTP/1.1\r\nHost: h\r\n\r\n",
        "GET / HTTP/9.9\r\nHost: h\r\n\r\n",
    ]
}
