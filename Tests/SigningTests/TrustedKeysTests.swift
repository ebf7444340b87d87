import Foundation
import JSON
import Signing
import Testing

@Suite struct TrustedKeysTests {
    static let type = "text/plain"

    @Test func `a list is read with everything that it says`() throws {
        let (a, b) = (try SigningKey.generate().publicKey, try SigningKey.generate().publicKey)
        let pem = String(decoding: TestKeys.pem("PUBLIC KEY", b.spki), as: UTF8.self)
        let list: JSONValue = [
            [
                "publicKey": .string(Data(a.spki).base64EncodedString()), "notBefore": "2026-01-01T00:00:00Z",
                "notAfter": "2026-12-31T23:59:59Z", "comment": "build machine",
            ], ["publicKey": .string(pem)],
        ]
        let keys = try TrustedKeys(parsing: JSONWriter.bytes(list)).keys
        #expect(keys.map(\.key) == [a, b])
        #expect(keys[0].comment == "build machine" && keys[0].validity == "from 2026-01-01T00:00:00Z until 2026-12-31T23:59:59Z")
        #expect(keys[1].validity == "always")
        #expect(try TrustedKeys(parsing: JSONWriter.bytes(.array(keys.map(\.json)))).keys == keys)
    }

    @Test func `both ends of a key's time belong to it`() throws {
        let key = TrustedKey(
            try SigningKey.generate().publicKey, notBefore: try TestKeys.time("2026-01-01T00:00:00Z"),
            notAfter: try TestKeys.time("2026-12-31T23:59:59Z"))
        for (time, isValid) in [
            ("2025-12-31T23:59:59Z", false), ("2026-01-01T00:00:00Z", true), ("2026-12-31T23:59:59Z", true),
            ("2027-01-01T00:00:00Z", false),
        ] {
            #expect(key.isValid(at: try TestKeys.time(time)) == isValid, "\(time)")
        }
    }

    @Test func `during a rotation either key is enough, and after it the new one alone`() throws {
        let (old, new) = (try SigningKey.generate(), try SigningKey.generate())
        let keys = TrustedKeys([
            TrustedKey(old.publicKey, notAfter: try TestKeys.time("2026-06-30T00:00:00Z")),
            TrustedKey(new.publicKey, notBefore: try TestKeys.time("2026-06-01T00:00:00Z")),
        ])
        func signers(_ signing: [SigningKey], _ time: String) throws -> [VerificationKey] {
            let envelope = try DSSEEnvelope(signing: [1], type: Self.type, with: signing)
            return try keys.verify(envelope, payloadType: Self.type, at: try TestKeys.time(time)).signers.map(\.key)
        }
        #expect(try signers([old], "2026-05-01T00:00:00Z") == [old.publicKey])
        #expect(failure { _ = try signers([new], "2026-05-01T00:00:00Z") }?.kind == .notValidNow)
        #expect(try signers([old], "2026-06-15T00:00:00Z") == [old.publicKey])
        #expect(try signers([new], "2026-06-15T00:00:00Z") == [new.publicKey])
        #expect(try signers([new, old], "2026-06-15T00:00:00Z") == [old.publicKey, new.publicKey])
        let late = failure { _ = try signers([old], "2026-07-01T00:00:00Z") }
        #expect(late?.kind == .notValidNow && late?.message.contains("until 2026-06-30T00:00:00Z") == true)
        #expect(try signers([old, new], "2026-07-01T00:00:00Z") == [new.publicKey])
    }

    @Test func `a key that is no longer listed is no longer trusted`() throws {
        let (gone, kept) = (try SigningKey.generate(), try SigningKey.generate())
        let envelope = try DSSEEnvelope(signing: [1], type: Self.type, with: [gone])
        let now = try TestKeys.time("2026-01-01T00:00:00Z")
        #expect(
            failure { _ = try TrustedKeys([TrustedKey(kept.publicKey)]).verify(envelope, payloadType: Self.type, at: now) }?.kind
                == .untrusted)
        #expect(failure { _ = try TrustedKeys([]).verify(envelope, payloadType: Self.type, at: now) }?.kind == .untrusted)
    }

    @Test func `what is not understood in a list is an error`() throws {
        let key = Data(try SigningKey.generate().publicKey.spki).base64EncodedString()
        let lists: [(text: String, says: String)] = [
            ("", "JSON"), ("{}", "an array is expected"), ("[]", "empty"), ("[1]", "`/0`: an integer"), ("[{}]", "`publicKey` is missing"),
            (#"[{"publicKey": 1}]"#, "`publicKey` is an integer"), (#"[{"publicKey": "x"}]"#, "neither PEM nor base64"),
            (#"[{"publicKey": "\#(key)", "notafter": "2026-01-01T00:00:00Z"}]"#, #"unknown member "notafter""#),
            (#"[{"publicKey": "\#(key)", "notAfter": "2026-01-01"}]"#, "`notAfter` is no time"),
            (#"[{"publicKey": "\#(key)", "notBefore": 5}]"#, "`notBefore` is an integer"),
            (#"[{"publicKey": "\#(key)", "comment": null}]"#, "`comment` is null"),
            (#"[{"publicKey": "\#(key)", "notBefore": "2026-02-01T00:00:00Z", "notAfter": "2026-01-01T00:00:00Z"}]"#, "before `notBefore`"),
            (#"[{"publicKey": "\#(key)"}, {"publicKey": "\#(key)"}]"#, "`/1` is the same key as `/0`"),
            ("[" + [String](repeating: "{}", count: 257).joined(separator: ",") + "]", "more than 256"),
        ]
        try withFolder { folder in
            for (text, says) in lists {
                try text.write(toFile: folder + "/keys.json", atomically: true, encoding: .utf8)
                let error = failure { _ = try TrustedKeys(file: folder + "/keys.json") }
                #expect(error?.message.contains(says) == true, "\(text): \(String(describing: error))")
                #expect(error?.message.contains("keys.json") == true)
            }
        }
    }
}
