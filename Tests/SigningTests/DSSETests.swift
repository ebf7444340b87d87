import Foundation
import JSON
import Signing
import Testing

@Suite struct DSSETests {
    /// The example of DSSE's protocol.md, signed with ECDSA there.
    static let published = """
        {"payload": "aGVsbG8gd29ybGQ=",
         "payloadType": "http://example.com/HelloWorld",
         "signatures": [{"sig": "A3JqsQGtVsJ2O2xqrI5IcnXip5GToJ3F+FnZ+O88SjtR6rDAajabZKciJTfUiHqJPcIAriEGAHTVeCUjW2JIZA=="}]}
        """

    static let type = "application/vnd.in-toto+json"
    static func now() throws -> UTCTime { try TestKeys.time("2026-06-01T00:00:00Z") }

    @Test func `the encoding that is signed is the published one`() {
        let encoded = DSSEEnvelope.preAuthenticationEncoding(type: "http://example.com/HelloWorld", body: Array("hello world".utf8))
        #expect(String(decoding: encoded, as: UTF8.self) == "DSSEv1 29 http://example.com/HelloWorld 11 hello world")
    }

    @Test func `lengths are counted in bytes, and nothing is a body too`() {
        func text(_ type: String, _ body: String) -> String {
            String(decoding: DSSEEnvelope.preAuthenticationEncoding(type: type, body: Array(body.utf8)), as: UTF8.self)
        }
        #expect(text("é", "日本") == "DSSEv1 2 é 6 日本")
        #expect(text("", "") == "DSSEv1 0  0 ")
    }

    @Test func `the published envelope is read, and its signature is of no Ed25519 key`() throws {
        let envelope = try DSSEEnvelope(parsing: Array(Self.published.utf8))
        #expect(envelope.payload == Array("hello world".utf8) && envelope.payloadType == "http://example.com/HelloWorld")
        #expect(envelope.signatures.count == 1 && envelope.signatures[0].bytes.count == 64 && envelope.signatures[0].keyID == nil)
        let keys = TrustedKeys([TrustedKey(try SigningKey.generate().publicKey)])
        #expect(failure { _ = try keys.verify(envelope, payloadType: envelope.payloadType, at: try Self.now()) }?.kind == .untrusted)
    }

    @Test func `an envelope is read back as it was written, and verified by each of its keys`() throws {
        let keys = [try SigningKey.generate(), try SigningKey.generate()]
        for payload in [[], [0], Array("{}".utf8), (0..<1000).map { UInt8(truncatingIfNeeded: $0) }] {
            let envelope = try DSSEEnvelope(signing: payload, type: Self.type, with: keys)
            #expect(try DSSEEnvelope(parsing: envelope.text) == envelope)
            #expect(envelope.signatures.map(\.keyID) == keys.map(\.publicKey.id))
            for key in keys {
                let trusted = TrustedKeys([TrustedKey(key.publicKey)])
                let verified = try trusted.verify(envelope, payloadType: Self.type, at: try Self.now())
                #expect(verified.bytes == payload && verified.signers.map(\.key) == [key.publicKey])
            }
        }
    }

    @Test func `with any other byte an envelope is refused, or gives the very payload that was signed`() throws {
        let key = try SigningKey.generate()
        let keys = TrustedKeys([TrustedKey(key.publicKey)])
        let payload = Array(#"{"a":1}"#.utf8)
        let text = try DSSEEnvelope(signing: payload, type: Self.type, with: [key]).text
        // What stays acceptable is the hint that nobody relies on and the white space of JSON.
        let hint = Array(#""keyid":"\#(key.publicKey.id)""#.utf8)
        let hintStart = try #require(text.firstRange(of: hint)).lowerBound
        var refused = 0
        for place in text.indices {
            for change in [UInt8(1), 2, 4, 8, 16, 32, 64, 128] {
                var changed = text
                changed[place] ^= change
                do {
                    let verified = try keys.verify(try DSSEEnvelope(parsing: changed), payloadType: Self.type, at: try Self.now())
                    #expect(verified.bytes == payload)
                    #expect((hintStart..<hintStart + hint.count).contains(place) || place == text.count - 1, "byte \(place)")
                } catch is SigningError {
                    refused += 1
                }
            }
        }
        #expect(refused > text.count * 8 / 2)
        for end in 0..<text.count - 2 { #expect(failure { _ = try DSSEEnvelope(parsing: Array(text[..<end])) } != nil, "\(end) bytes") }
    }

    @Test func `a type that was not signed, or is not the one asked for, is refused`() throws {
        let key = try SigningKey.generate()
        let keys = TrustedKeys([TrustedKey(key.publicKey)])
        let envelope = try DSSEEnvelope(signing: [1], type: "text/plain", with: [key])
        let renamed = String(decoding: envelope.text, as: UTF8.self).replacing("text/plain", with: Self.type)
        let swapped = try DSSEEnvelope(parsing: Array(renamed.utf8))
        #expect(failure { _ = try keys.verify(swapped, payloadType: Self.type, at: try Self.now()) }?.kind == .untrusted)
        #expect(failure { _ = try keys.verify(envelope, payloadType: Self.type, at: try Self.now()) }?.kind == .malformed)
        #expect(try keys.verify(envelope, payloadType: "text/plain", at: try Self.now()).bytes == [1])
    }

    @Test func `a bare signature, one of another key or one of another payload is refused`() throws {
        let (key, stranger) = (try SigningKey.generate(), try SigningKey.generate())
        let keys = TrustedKeys([TrustedKey(key.publicKey)])
        let bare = try key.sign([1])
        // The bytes that were signed lack what an envelope puts before them.
        let forged = try Self.envelope(payload: [1], signatures: [["keyid": .string(key.publicKey.id), "sig": Self.base64(bare)]])
        #expect(failure { _ = try keys.verify(forged, payloadType: Self.type, at: try Self.now()) }?.kind == .untrusted)
        let other = try DSSEEnvelope(signing: [1], type: Self.type, with: [stranger])
        #expect(failure { _ = try keys.verify(other, payloadType: Self.type, at: try Self.now()) }?.kind == .untrusted)
        let moved = try DSSEEnvelope(signing: [1], type: Self.type, with: [key]).signatures[0].bytes
        let pasted = try Self.envelope(payload: [2], signatures: [["sig": Self.base64(moved)]])
        #expect(failure { _ = try keys.verify(pasted, payloadType: Self.type, at: try Self.now()) }?.kind == .untrusted)
        let unsigned = try Self.envelope(payload: [1], signatures: [])
        #expect(failure { _ = try keys.verify(unsigned, payloadType: Self.type, at: try Self.now()) }?.kind == .untrusted)
    }

    @Test func `one good signature is enough, wherever it stands and whatever it says of its key`() throws {
        let (key, stranger) = (try SigningKey.generate(), try SigningKey.generate())
        let keys = TrustedKeys([TrustedKey(key.publicKey)])
        let envelope = try DSSEEnvelope(signing: [1], type: Self.type, with: [key, stranger])
        let (good, bad) = (Self.base64(envelope.signatures[0].bytes), Self.base64(envelope.signatures[1].bytes))
        let lists: [[JSONValue]] = [
            [["sig": good]], [["keyid": "", "sig": good]], [["keyid": .null, "sig": good]], [["keyid": "a name", "sig": good]],
            [["keyid": .string(stranger.publicKey.id), "sig": good]], [["keyid": .string(key.publicKey.id), "sig": bad], ["sig": good]],
            [["sig": ""], ["sig": "AAAA"], ["sig": bad], ["sig": good], ["sig": good]],
        ]
        for list in lists {
            let verified = try keys.verify(
                try Self.envelope(payload: [1], signatures: list), payloadType: Self.type, at: try Self.now())
            #expect(verified.bytes == [1] && verified.signers.map(\.key) == [key.publicKey])
        }
    }

    @Test func `both alphabets of base64 are read, and members that nobody knows are ignored`() throws {
        let key = try SigningKey.generate()
        let payload: [UInt8] = [0xfb, 0xff, 0xfe, 0x3f]
        let envelope = try DSSEEnvelope(signing: payload, type: Self.type, with: [key])
        func urlSafe(_ bytes: [UInt8]) -> JSONValue {
            .string(Data(bytes).base64EncodedString().replacing("+", with: "-").replacing("/", with: "_"))
        }
        let text = JSONWriter.bytes([
            "later": ["x": 1], "payload": urlSafe(payload), "payloadType": .string(Self.type),
            "signatures": [["sig": urlSafe(envelope.signatures[0].bytes), "cert": "x"]],
        ])
        let keys = TrustedKeys([TrustedKey(key.publicKey)])
        #expect(try keys.verify(try DSSEEnvelope(parsing: text), payloadType: Self.type, at: try Self.now()).bytes == payload)
    }

    @Test(
        arguments: [
            "", "{", "[]", "null", "{}", #"{"payload": "", "payloadType": ""}"#, #"{"payload": "", "signatures": []}"#,
            #"{"payloadType": "", "signatures": []}"#, #"{"payload": 1, "payloadType": "", "signatures": []}"#,
            #"{"payload": "", "payloadType": null, "signatures": []}"#, #"{"payload": "", "payloadType": "", "signatures": {}}"#,
            #"{"payload": "AAA", "payloadType": "", "signatures": []}"#, #"{"payload": "AA\n==", "payloadType": "", "signatures": []}"#,
            #"{"payload": "", "payloadType": "", "signatures": [1]}"#, #"{"payload": "", "payloadType": "", "signatures": [{}]}"#,
            #"{"payload": "", "payloadType": "", "signatures": [{"sig": "A"}]}"#,
            #"{"payload": "", "payloadType": "", "signatures": [{"sig": "", "keyid": 1}]}"#,
            #"{"payload": "", "payload": "AAAA", "payloadType": "", "signatures": []}"#,
        ]) func `what is no envelope is refused`(_ text: String) throws
    {
        #expect(failure { _ = try DSSEEnvelope(parsing: Array(text.utf8)) }?.kind == .malformed)
    }

    @Test func `what an unverified envelope says is not repeated`() throws {
        for text in [#"{"\u009b2Jx": 1, "\u009b2Jx": 2}"#, #"{"payload": "\u202eevil", "payloadType": "\u202eevil", "signatures": []}"#] {
            let error = try #require(failure { _ = try DSSEEnvelope(parsing: Array(text.utf8)) })
            #expect(error.message.unicodeScalars.allSatisfy { $0.isASCII }, "\(error)")
        }
    }

    @Test func `an envelope cannot ask for endless work`() throws {
        let many = [JSONValue](repeating: ["sig": "AAAA"], count: 33)
        #expect(failure { _ = try Self.envelope(payload: [], signatures: many) }?.kind == .malformed)
        let deep = String(repeating: "[", count: 100_000)
        #expect(failure { _ = try DSSEEnvelope(parsing: Array(deep.utf8)) }?.kind == .malformed)
    }

    private static func base64(_ bytes: [UInt8]) -> JSONValue { .string(Data(bytes).base64EncodedString()) }

    private static func envelope(payload: [UInt8], signatures: [JSONValue]) throws -> DSSEEnvelope {
        try DSSEEnvelope(
            parsing: JSONWriter.bytes(["payload": base64(payload), "payloadType": .string(type), "signatures": .array(signatures)]))
    }
}
