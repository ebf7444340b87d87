import Diagnostics
import Digest
import Foundation
import TestSupport
import Testing

@testable import CallerAccess

/// How keys are made, told from other words, and found.
@Suite struct APIKeyTests {
    @Test func `a key is 40 characters of a form that its checksum proves`() throws {
        var seen: Set<String> = []
        for _ in 0..<200 {
            let key = APIKey.make()
            #expect(key.text.wholeMatch(of: #/chk_[0-9A-Za-z]{36}/#) != nil)
            #expect(APIKey(key.text)?.digest == key.digest)
            seen.insert(key.text)
        }
        #expect(seen.count == 200)
        // The checksum by zlib: the form is fixed for ever, as keys live long.
        #expect(APIKey("chk" + "_0123456789ABCDEFGHIJabcdefghij4Us3aw") != nil)
    }

    @Test func `one character mistyped is noticed without asking anybody`() {
        let key = Array(APIKey.make().text.utf8)
        for place in 0..<key.count {
            var other = key
            other[place] = other[place] == UInt8(ascii: "a") ? UInt8(ascii: "b") : UInt8(ascii: "a")
            #expect(APIKey(String(decoding: other, as: UTF8.self)) == nil, "place \(place)")
        }
        #expect(APIKey(String(decoding: key.dropLast(), as: UTF8.self)) == nil)
        #expect(APIKey(String(decoding: key, as: UTF8.self) + "0") == nil)
        #expect(APIKey(" " + String(decoding: key, as: UTF8.self)) == nil)
    }

    @Test func `scanners for secrets know every key, with digits or without`() {
        for _ in 0..<2_000 {
            let key = APIKey.make().text
            let text = "the key is \(key), keep it"
            #expect(SecretScanner.find(in: text)?.name == "a Charter API key")
            #expect(SecretScanner.mask(text) == "the key is [secret], keep it")
        }
        // What only begins like one and has neither a digit nor the right checksum.
        #expect(SecretScanner.find(in: "chk_" + String(repeating: "abcdef", count: 6)) == nil)
    }

    @Test func `a book finds the keys it holds, and tells how each stands`() throws {
        let book = APIKeyBook()
        let made = (0..<50).map { APIKeyRecord.make(account: "a\($0)", name: "", scopes: [], lifetime: 100, now: 1_000) }
        var records = made.map(\.record)
        records[3].revokedAt = 1_010
        book.replace(records)
        for (number, one) in made.enumerated() {
            switch (number, book.find(one.key.text, now: 1_099)) {
            case (3, .revoked(let record)): #expect(record.account == "a3")
            case (let number, .valid(let record)): #expect(record.account == "a\(number)" && number != 3)
            case (let number, let other): Issue.record("\(number): \(other)")
            }
            guard case .expired = book.find(one.key.text, now: 1_100) else {
                if number != 3 { Issue.record("\(number) is taken at its end") }
                continue
            }
        }
        #expect(book.find(APIKey.make().text, now: 1_000).name == "unknown", "a strange key is known")
        #expect(book.find("chk_nonsense", now: 1_000).name == "malformed", "nonsense is taken for a key")
        // One whose digest begins the same is another.
        var near = records[0]
        near.digest = try #require(SHA256Digest(bytes: Array(near.digest.bytes.prefix(8)) + [UInt8](repeating: 0, count: 24)))
        book.replace([near])
        #expect(book.find(made[0].key.text, now: 1_000).name == "unknown", "part of a digest is enough")
    }

    @Test func `a use is written down at once and then once a minute, and again if that fails`() {
        let book = APIKeyBook()
        let record = APIKeyRecord.make(account: "a", name: "", scopes: [], lifetime: nil, now: 0).record
        book.replace([record])
        book.used(record.id, now: 1_000)
        #expect(book.takeUses(now: 1_000).map(\.at) == [1_000])
        book.used(record.id, now: 1_001)
        #expect(book.takeUses(now: 1_059).isEmpty)
        let due = book.takeUses(now: 1_060)
        #expect(due.map(\.at) == [1_001])
        book.putBack(due)
        #expect(book.takeUses(now: 1_061).map(\.at) == [1_001])
        #expect(book.takeUses(now: 2_000).isEmpty, "it was not used since")
    }

    @Test func `a file gives back what it was given, for its owner alone`() throws {
        try TemporaryFolder.with { folder in
            let file = APIKeyFile(folder + "/keys.json")
            var records = (0..<3).map {
                APIKeyRecord.make(account: "a\($0)", name: "n\"\n", scopes: ["charter.decide"], lifetime: 60, now: 1_700_000_000).record
            }
            records[1].revokedAt = 1_700_000_001
            records[2].replaces = records[1].id
            try file.write(records)
            #expect(try file.read() == records)
            let mode = try FileManager.default.attributesOfItem(atPath: file.path)[.posixPermissions] as? Int
            #expect(mode == 0o600)
            let text = try String(contentsOfFile: file.path, encoding: .utf8)
            #expect(!text.contains("chk_"))
            // What cannot be read in one of them must not lengthen its life or widen its scopes.
            let changes = [
                ("\"expiresAt\": \"2", "\"expiresAt\": \"x"), ("[\n        \"charter.decide\"", "[\n        7"),
                ("\"sha256\": \"", "\"sha256\": \"0"),
            ]
            for (from, to) in changes {
                let changed = text.replacing(from, with: to, maxReplacements: 1)
                #expect(changed != text, "\(from)")
                try Data(changed.utf8).write(to: URL(fileURLWithPath: file.path))
                #expect(throws: AccessError.self, "\(to)") { try file.read() }
            }
        }
    }

    @Test func `a key's successor stands for the same, and lives as long anew`() {
        let old = APIKeyRecord.make(account: "a", name: "n", scopes: ["charter.decide"], lifetime: 500, now: 1_000).record
        let (key, record) = old.successor(now: 1_400)
        #expect(record.account == "a" && record.name == "n" && record.scopes == ["charter.decide"] && record.replaces == old.id)
        #expect(record.expiresAt == 1_900 && record.id != old.id && key.digest == record.digest)
    }
}

/// How much a caller may send.
@Suite struct RateLimiterTests {
    private static let second: Int64 = 1_000_000_000

    @Test func `a burst is let through, then as many as are refilled`() throws {
        let limiter = RateLimiter(try #require(.init(perSecond: 10, burst: 5)))
        for _ in 0..<5 { #expect(limiter.take("a", now: 0) == nil) }
        #expect(limiter.take("a", now: 0) == Self.second / 10)
        #expect(limiter.take("b", now: 0) == nil, "another caller has a bucket of its own")
        #expect(limiter.take("a", now: Self.second / 10) == nil)
        #expect(limiter.take("a", now: Self.second / 10) != nil)
        for _ in 0..<5 { #expect(limiter.take("a", now: 100 * Self.second) == nil) }
        #expect(limiter.take("a", now: 100 * Self.second) != nil, "a bucket does not grow while nobody asks")
    }

    @Test func `what lets nothing through is no limit`() {
        for rate in [0, -1, .nan, .infinity] as [Double] { #expect(RateLimiter.Limit(perSecond: rate) == nil) }
        #expect(RateLimiter.Limit(perSecond: 1, burst: 0) == nil)
        #expect(RateLimiter.Limit(perSecond: 0.5)?.burst == 1)
    }
}

extension APIKeyBook.Finding {
    fileprivate var name: String {
        switch self {
        case .valid: "valid"
        case .expired: "expired"
        case .revoked: "revoked"
        case .malformed: "malformed"
        case .unknown: "unknown"
        }
    }
}
