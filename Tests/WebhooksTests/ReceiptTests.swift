import Digest
import Testing

@testable import Webhooks

@Suite struct ReceiptTests {
    /// From "Validating webhook deliveries" of GitHub's documentation.
    private enum GitHub {
        static let secret = "It's a Secret to Everybody"
        static let body = Array("Hello, World!".utf8)
        static let signature = "sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17"
    }

    /// From the specification of Standard Webhooks and its libraries.
    private enum Standard {
        static let secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
        static let body = Array(#"{"test": 2432232314}"#.utf8)
        static let time: Int64 = 1_614_265_330
        static let headers = [
            "webhook-id": "msg_p5jXN8AQM9LWM0D4loKWxJek", "webhook-timestamp": "1614265330",
            "webhook-signature": "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
        ]
    }

    private func outcome(
        _ secret: String, _ scheme: WebhookReceipt.Scheme, _ body: [UInt8], now: Int64 = Standard.time, _ headers: [String: String]
    ) throws -> WebhookReceipt.Refusal? {
        let receipt = try WebhookReceipt(secret: secret)
        do throws(WebhookReceipt.Refusal) {
            _ = try receipt.check(scheme, body: body, now: now) { headers[$0] }
            return nil
        } catch {
            return error
        }
    }

    private func ticket(
        _ secret: String, _ scheme: WebhookReceipt.Scheme, _ body: [UInt8], now: Int64 = Standard.time, _ headers: [String: String]
    ) throws -> WebhookReceipt.Ticket {
        try WebhookReceipt(secret: secret).check(scheme, body: body, now: now) { headers[$0] }
    }

    @Test func `the documented example of GitHub is taken`() throws {
        #expect(try outcome(GitHub.secret, .github, GitHub.body, ["x-hub-signature-256": GitHub.signature]) == nil)
    }

    @Test func `a message of GitHub with anything else about it is not taken`() throws {
        let changed = Array("Hello, World?".utf8)
        #expect(try outcome(GitHub.secret, .github, changed, ["x-hub-signature-256": GitHub.signature]) == .wrong)
        #expect(try outcome(GitHub.secret + "!", .github, GitHub.body, ["x-hub-signature-256": GitHub.signature]) == .wrong)
        #expect(try outcome(GitHub.secret, .github, GitHub.body, [:]) == .unsigned)
        // The older header, by SHA-1, proves nothing.
        #expect(try outcome(GitHub.secret, .github, GitHub.body, ["x-hub-signature": GitHub.signature]) == .unsigned)
        for text in ["sha1=" + GitHub.signature.dropFirst(7), String(GitHub.signature.dropFirst(7)), ""] {
            #expect(try outcome(GitHub.secret, .github, GitHub.body, ["x-hub-signature-256": text]) == .unsigned, "\(text)")
        }
        for text in [
            String(GitHub.signature.dropLast()), GitHub.signature + "0", GitHub.signature.uppercased().replacing("SHA", with: "sha"),
            "sha256=",
        ] {
            #expect(try outcome(GitHub.secret, .github, GitHub.body, ["x-hub-signature-256": text]) == .wrong, "\(text)")
        }
    }

    @Test func `a message of GitLab is known by its token`() throws {
        let secret = "a token of twenty-six bytes"
        #expect(try outcome(secret, .gitlab, GitHub.body, ["x-gitlab-token": secret]) == nil)
        for token in ["", "a", String(secret.dropLast()), secret + " ", secret.uppercased()] {
            #expect(try outcome(secret, .gitlab, GitHub.body, ["x-gitlab-token": token]) == .wrong, "\(token)")
        }
        #expect(try outcome(secret, .gitlab, GitHub.body, [:]) == .unsigned)
    }

    @Test func `the documented example of Standard Webhooks is taken`() throws {
        #expect(try outcome(Standard.secret, .standard, Standard.body, Standard.headers) == nil)
    }

    @Test func `one good signature of several is enough`() throws {
        var headers = Standard.headers
        let good = try #require(headers["webhook-signature"])
        let other = "v1,Ceo5qEr07ixe2NLpvHk3FH9bwy/WavXrAFQ/9tdO6mc="
        headers["webhook-signature"] =
            "\(other) v1a,hnO3f9T8Ytu9HwrXslvumlUpqtNVqkhqw/enGzPCXe5BdqzCInXqYXFymVJaA7AZdpXwVLPo3mNl8EM+m7TBAg== \(good)"
        #expect(try outcome(Standard.secret, .standard, Standard.body, headers) == nil)
        headers["webhook-signature"] = other
        #expect(try outcome(Standard.secret, .standard, Standard.body, headers) == .wrong)
        headers["webhook-signature"] = ""
        #expect(try outcome(Standard.secret, .standard, Standard.body, headers) == .wrong)
    }

    @Test func `no part of a signed message can be another`() throws {
        for (name, value) in [("webhook-id", "msg_p5jXN8AQM9LWM0D4loKWxJel"), ("webhook-timestamp", "1614265331")] {
            var headers = Standard.headers
            headers[name] = value
            #expect(try outcome(Standard.secret, .standard, Standard.body, headers) == .wrong, "\(name)")
        }
        #expect(try outcome(Standard.secret, .standard, Standard.body + [0x20], Standard.headers) == .wrong)
        for name in Standard.headers.keys {
            var headers = Standard.headers
            headers[name] = nil
            #expect(try outcome(Standard.secret, .standard, Standard.body, headers) == .unsigned, "\(name)")
        }
        var headers = Standard.headers
        headers["webhook-timestamp"] = "soon"
        #expect(try outcome(Standard.secret, .standard, Standard.body, headers) == .unsigned)
    }

    @Test func `a message is good for as long as the window is, before and after its time`() throws {
        let window = WebhookReceipt.window
        for (now, expected) in [
            (Standard.time - window, nil), (Standard.time + window, nil), (Standard.time - window - 1, .stale),
            (Standard.time + window + 1, .stale),
        ] as [(Int64, WebhookReceipt.Refusal?)] {
            #expect(try outcome(Standard.secret, .standard, Standard.body, now: now, Standard.headers) == expected, "\(now)")
        }
        let key = try #require(WebhookSignature.key(Standard.secret))
        for time in [Int64.min, Int64.max] {
            let signature = WebhookSignature.make(Standard.body, id: "msg", time: time, key: key)
            let headers = ["webhook-id": "msg", "webhook-timestamp": "\(time)", "webhook-signature": signature]
            #expect(try outcome(Standard.secret, .standard, Standard.body, headers) == .stale)
        }
    }

    @Test func `a secret that can be guessed is refused, and so is one that is no base64`() {
        for secret in [
            "", "short", "fifteen bytes..", "whsec_", "whsec_MfKQ9r8GKYqrTwjUPD8=", "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaS", "whsec_\u{e9}",
        ] {
            #expect(throws: WebhookReceipt.BadSecret.self, "\(secret)") { try WebhookReceipt(secret: secret) }
        }
    }

    // MARK: Replays

    private final class Memory {
        private var memory = WebhookMemory()
        var count: Int { memory.count }
        func take(_ ticket: WebhookReceipt.Ticket, now: Int64) -> Bool { memory.take(ticket, now: now) }
    }

    @Test func `a message is taken once within its window, and costs no memory afterwards`() throws {
        let memory = Memory()
        let ticket = try ticket(GitHub.secret, .github, GitHub.body, now: 1_000, ["x-hub-signature-256": GitHub.signature])
        #expect(memory.take(ticket, now: 1_000))
        #expect(!memory.take(ticket, now: 1_000))
        #expect(!memory.take(ticket, now: 1_000 + WebhookReceipt.window))
        let later = 1_001 + WebhookReceipt.window
        #expect(memory.take(ticket, now: later))
    }

    @Test func `a message cannot be taken again as one of another form`() throws {
        let memory = Memory()
        #expect(memory.take(try ticket(Standard.secret, .standard, Standard.body, Standard.headers), now: Standard.time))
        var headers = Standard.headers
        headers["webhook-signature"] = "v1,AAAA \(Standard.headers["webhook-signature"] ?? "")"
        #expect(!memory.take(try ticket(Standard.secret, .standard, Standard.body, headers), now: Standard.time))
        // The signature is over `id.time.body`: where each of them ends is not signed.
        let secret = GitHub.secret
        let time = Standard.time
        let signature = WebhookSignature.make(Array("\(time).x".utf8), id: "a", time: time, key: Array(secret.utf8))
        let one = ["webhook-id": "a", "webhook-timestamp": "\(time)", "webhook-signature": signature]
        let other = ["webhook-id": "a.\(time)", "webhook-timestamp": "\(time)", "webhook-signature": signature]
        #expect(memory.take(try ticket(secret, .standard, Array("\(time).x".utf8), one), now: time))
        #expect(!memory.take(try ticket(secret, .standard, Array("x".utf8), other), now: time))
    }

    @Test func `what is remembered has a bound, and those go first that can be sent again for the shortest time`() {
        let memory = Memory()
        for number in 0..<WebhookMemory.limit {
            #expect(memory.take(.init(id: "m\(number)", expires: 1_000 + Int64(number)), now: 0))
        }
        #expect(memory.count == WebhookMemory.limit)
        #expect(memory.take(.init(id: "one more", expires: 5_000), now: 0))
        #expect(memory.count < WebhookMemory.limit)
        #expect(!memory.take(.init(id: "m\(WebhookMemory.limit - 1)", expires: 0), now: 0))
        #expect(!memory.take(.init(id: "one more", expires: 0), now: 0))
        // What has expired makes room by itself.
        while memory.count < WebhookMemory.limit { _ = memory.take(.init(id: "n\(memory.count)", expires: 20_000), now: 0) }
        _ = memory.take(.init(id: "the last", expires: 90_000), now: 80_000)
        #expect(memory.count == 1)
    }
}
