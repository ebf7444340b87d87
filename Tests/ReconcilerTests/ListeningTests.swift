import ControlPlane
import HTTPService
import Testing

/// Where a server may listen.
@Suite struct ListeningTests {
    private func check(_ address: String, hasDatabase: Bool = true, _ change: (inout ServerAccess) -> Void = { _ in }) -> String? {
        var access = ServerAccess()
        change(&access)
        do throws(ControlError) {
            try access.check(ListenAddress(address), hasDatabase: hasDatabase)
            return nil
        } catch {
            #expect(error.status == .usage)
            return error.message
        }
    }

    private static let files = TLSFiles(certificateChain: "c", privateKey: "k")

    @Test(arguments: ["127.0.0.1:1", "127.9.9.9:1", "[::1]:1", "localhost:1"]) func `loopback needs nothing`(_ address: String) {
        #expect(check(address) == nil)
        #expect(check(address) { $0.isRequired = true } == nil)
    }

    @Test(arguments: ["0.0.0.0:1", "[::]:1", "192.0.2.7:1", "charter.example:1", "128.0.0.1:1", "127.0.0.1.example:1"])
    func `whatever others can reach needs authentication and TLS`(_ address: String) {
        #expect(check(address)?.contains("--require-authentication") == true)
        #expect(check(address) { $0.tls = Self.files }?.contains("--require-authentication") == true, "TLS alone tells nobody apart")
        #expect(check(address) { $0.isBehindProxy = true }?.contains("--require-authentication") == true)
        #expect(check(address) { $0.isRequired = true }?.contains("without TLS") == true)
        #expect(check(address) { $0.keyFile = "f" }?.contains("without TLS") == true)
        #expect(check(address) { ($0.isRequired, $0.isBehindProxy) = (true, true) } == nil)
        #expect(check(address) { ($0.isRequired, $0.tls) = (true, Self.files) } == nil)
    }

    @Test func `authentication needs something to be proved by`() {
        #expect(check("127.0.0.1:1", hasDatabase: false) { $0.isRequired = true }?.contains("--api-keys") == true)
        #expect(check("127.0.0.1:1", hasDatabase: false) { ($0.isRequired, $0.keyFile) = (true, "f") } == nil)
        #expect(check("127.0.0.1:1") { $0.limit = .init(perSecond: 1) }?.contains("--rate-limit") == true)
    }

    @Test(arguments: ["", ":1", "127.0.0.1", "127.0.0.1:70000", "a b:1", "127.0.0.1:x"]) func `what is no address is refused`(
        _ text: String
    ) {
        #expect(throws: ControlError.self) { try ListenAddress(text) }
    }
}
