import Foundation
import Postgres
import TestSupport
import Testing

/// Files that are made to hurt whoever reads them.
@Suite struct HostileYAMLTests {
    private static func user(_ spec: String) -> String {
        "apiVersion: charter/v1\nkind: User\nmetadata: {name: intruder}\nspec: \(spec)\n"
    }

    private static func bytes(_ text: String) -> [UInt8] { Array(text.utf8) }

    private static var files: [(name: String, [UInt8])] {
        let laughs = (1..<30).map { level in
            "l\(level): &l\(level) [" + (0..<10).map { _ in "*l\(level - 1)" }.joined(separator: ", ") + "]\n"
        }
        let quadratic =
            "a: &a \"" + String(repeating: "x", count: 100_000) + "\"\nb: ["
            + Array(repeating: "*a", count: 20_000)
            .joined(separator: ", ") + "]\n"
        return [
            ("alias bomb", bytes("l0: &l0 [lol]\n" + laughs.joined())),
            ("quadratic alias bomb", bytes(quadratic)),
            ("an alias to what holds it", bytes("a: &a [*a]\n")),
            ("deep nesting in brackets", [UInt8](repeating: UInt8(ascii: "["), count: 200_000)),
            ("deep nesting in braces", bytes(String(repeating: "{a: ", count: 100_000))),
            ("deep nesting by dashes", bytes(String(repeating: "- ", count: 50_000) + "a\n")),
            ("deep nesting by indentation", bytes((0..<2000).map { String(repeating: " ", count: $0) + "a:\n" }.joined())),
            ("a huge file", bytes(String(repeating: "# " + String(repeating: "x", count: 98) + "\n", count: 400_000))),
            ("a huge scalar", bytes(user("{email: a@example.org, displayName: \"" + String(repeating: "x", count: 20 << 20) + "\"}"))),
            ("hundreds of thousands of nodes", bytes("a: [" + String(repeating: "b,", count: 800_000) + "]\n")),
            ("hundreds of thousands of documents", bytes(String(repeating: "---\na\n", count: 200_000))),
            (
                "invalid UTF-8",
                bytes("apiVersion: charter/v1\nkind: User\nmetadata: {name: ") + [0xC3, 0x28] + bytes("}\nspec: {email: a@example.org}\n")
            ),
            ("overlong UTF-8", bytes("apiVersion: charter/v1\nkind: ") + [0xC0, 0xAF] + bytes("\n")),
            ("a surrogate in UTF-8", bytes("apiVersion: charter/v1\nkind: ") + [0xED, 0xA0, 0x80] + bytes("\n")),
            ("UTF-16", [0xFF, 0xFE] + Array(user("{email: a@example.org}").utf16.flatMap { [UInt8($0 & 0xFF), UInt8($0 >> 8)] })),
            ("a NUL", bytes("apiVersion: charter/v1\nkind: User\nmetadata: {name: \"a\0b\"}\nspec: {email: a@example.org}\n")),
            ("an escaped NUL", bytes(user("{email: a@example.org, displayName: \"a\\0b\"}"))),
            ("duplicate keys", bytes(user("{email: a@example.org, displayName: A, displayName: B}"))),
            ("duplicate keys, one quoted", bytes(user("{email: a@example.org, displayName: A, \"displayName\": B}"))),
            ("a tag that asks for an object", bytes(user("!!python/object/apply:os.system [\"touch /tmp/pwned\"]"))),
            ("no end of a quoted text", bytes("kind: \"" + String(repeating: "x", count: 1 << 20))),
            ("a key that is a mapping", bytes("? {a: b}\n: c\n")),
            ("random bytes", (0..<100_000).map { UInt8(truncatingIfNeeded: $0 &* 2_654_435_761 >> 7) }),
        ]
    }

    @Test func `hostile YAML`() throws {
        try TemporaryFolder.with { folder in
            let people = try People(100, at: folder + "/acme")
            try SharedPostgres.withDatabase { url, connection in
                let charter = try RunningCharter(up: people.repository.path, state: folder + "/state", database: url)
                let client = try charter.client()
                var last = try people.repository.head
                try expectRecovery(to: last, by: client, charter)
                for (level, (name, bytes)) in Self.files.enumerated() {
                    let place = URL(fileURLWithPath: people.repository.path + "/users/zz.yaml")
                    try Data(bytes).write(to: place)
                    let commit = try people.repository.commit(name)
                    let isRefused = try eventually {
                        let check = try client.get("/readyz").json["checks"]?["commit"]
                        return check?["status"] == "refused" && check?["commit"]?.stringValue == commit
                    }
                    #expect(isRefused, "\(name) is not refused\n\(charter.program.errors)")
                    try expectTold(.commitInvalid, by: client, charter, name)
                    // It can be asked all the while, and holds what it held.
                    #expect(try client.commitInForce() == last, "\(name)")
                    #expect(try connection.heldCommit() == last, "\(name)")
                    try FileManager.default.removeItem(at: place)
                    last = try people.commit(level: level + 1)
                    try expectRecovery(to: last, by: client, charter)
                }
                try expectExactly(last, of: people.repository.path, url, connection)
                #expect(try charter.interrupt() == 0)
            }
        }
    }
}
