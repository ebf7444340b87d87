import Foundation
import Postgres
import Synchronization
import TestSupport
import Testing

@testable import CallerAccess
@testable import Reconciler

/// API keys in Postgres, and a server that follows them.
@Suite struct APIKeyTableTests {
    private func record(_ account: String, lifetime: Int64? = nil) -> (key: APIKey, record: APIKeyRecord) {
        APIKeyRecord.make(account: account, name: "n", scopes: ["charter.decide"], lifetime: lifetime, now: 1_700_000_000)
    }

    @Test func `keys are kept whole, and rotated in one step`() throws {
        let database = try TestDatabase()
        let table = APIKeyTable(database.owner)
        let (first, second) = (record("a", lifetime: 1_000_000_000).record, record("b").record)
        try table.insert(first)
        try table.insert(second)
        #expect(try table.all().sorted { $0.account < $1.account } == [first, second])
        #expect(try table.revoke(second.id))
        #expect(try !table.revoke(second.id), "it is revoked already")
        #expect(try !table.revoke("key-none"))
        let next = first.successor(now: 1_700_000_100).record
        try table.replace(first.id, endingAt: 1_700_000_500, by: next)
        let held = Dictionary(uniqueKeysWithValues: try table.all().map { ($0.id, $0) })
        #expect(held[first.id]?.expiresAt == 1_700_000_500)
        #expect(held[next.id] == next)
        // Two keys cannot be one, and an old end is not put off.
        #expect(throws: AccessError.self) { try table.insert(first) }
        try table.replace(first.id, endingAt: 1_700_009_000, by: record("a").record)
        #expect(try table.all().first { $0.id == first.id }?.expiresAt == 1_700_000_500)
        #expect(try !table.hasAccount("a"))
    }

    @Test func `a server can read keys and say when they were used, and no more`() throws {
        let database = try TestDatabase()
        let (_, record) = record("a")
        try APIKeyTable(database.owner).insert(record)
        let server = try PostgresConnection(database.configuration)
        defer { server.close() }
        #expect(try APIKeyTable.readAsServer(server) == [record])
        try APIKeyTable.writeUses([(record.id, 1_700_000_050), ("key-none", 1)], server)
        try APIKeyTable.writeUses([(record.id, 1_700_000_020)], server)
        #expect(try APIKeyTable.readAsServer(server).first?.lastUsedAt == 1_700_000_050, "an older use does not undo a newer one")
        let statements = [
            "INSERT INTO runtime.api_keys (id, name, account, scopes, sha256, created_at) VALUES ('x', '', 'a', '{}', sha256('x'), now())",
            "UPDATE runtime.api_keys SET revoked_at = NULL", "UPDATE runtime.api_keys SET expires_at = NULL",
            "DELETE FROM runtime.api_keys",
        ]
        for role in ["charter_server", "charter_reconciler", "charter_planner"] {
            for statement in statements + (role == "charter_server" ? [] : ["SELECT sha256 FROM runtime.api_keys"]) {
                #expect(throws: PostgresError.self, "\(role): \(statement)") {
                    try server.transaction {
                        try server.script("SET LOCAL ROLE \(role)")
                        try server.script(statement)
                    }
                }
            }
        }
    }

    @Test func `a server hears of keys at once, writes down their use, and knows them when it starts without a database`() throws {
        let database = try TestDatabase()
        let (key, record) = record("a")
        let table = APIKeyTable(database.owner)
        try table.insert(record)
        try TemporaryFolder.with { folder in
            let copy = APIKeyFile(folder + "/api-keys.json")
            let book = APIKeyBook()
            let complaints = Mutex<[String]>([])
            let follower = APIKeyFollower(.database(database.configuration, copy: copy), book: book, now: { 1_700_000_300 }) { text in
                complaints.withLock { $0.append(text ?? "well") }
            }
            try follower.start()
            func standing(_ book: APIKeyBook, _ key: APIKey) -> String {
                switch book.find(key.text, now: 1_700_000_300) {
                case .valid: "valid"
                case .revoked: "revoked"
                case .expired: "expired"
                case .malformed: "malformed"
                case .unknown: "unknown"
                }
            }
            #expect(standing(book, key) == "valid", "what is there at the start is known at once")
            book.used(record.id, now: 1_700_000_290)
            #expect(try eventually { try table.all().first?.lastUsedAt == 1_700_000_290 })

            let (later, second) = self.record("b")
            try table.insert(second)
            #expect(eventually { standing(book, later) == "valid" })
            _ = try table.revoke(record.id)
            #expect(eventually { standing(book, key) == "revoked" })
            #expect(eventually { (try? copy.read().count) == 2 })
            // The rest is written down when it ends.
            book.used(second.id, now: 1_700_000_299)
            follower.stop()
            #expect(try table.all().first { $0.id == second.id }?.lastUsedAt == 1_700_000_299)
            #expect(complaints.withLock { $0 } == [])

            let another = APIKeyBook()
            let nowhere = PostgresConfiguration(socketDirectory: folder, user: "charter", database: "none")
            let alone = APIKeyFollower(.database(nowhere, copy: copy), book: another, now: { 1_700_000_300 }) { text in
                complaints.withLock { $0.append(text ?? "well") }
            }
            try alone.start()
            #expect(standing(another, later) == "valid" && standing(another, key) == "revoked")
            #expect(complaints.withLock { $0.count } == 1)
            alone.stop()
        }
    }

    @Test func `a file of keys is followed, and a damaged one leaves the keys that were known`() throws {
        try TemporaryFolder.with { folder in
            let file = APIKeyFile(folder + "/keys.json")
            let ((key, record), (later, second)) = (record("a"), self.record("b"))
            try file.write([record])
            let book = APIKeyBook()
            let complaints = Mutex<[String]>([])
            let follower = APIKeyFollower(.file(file), book: book, now: { 1_700_000_300 }) { text in
                complaints.withLock { $0.append(text ?? "well") }
            }
            try follower.start()
            defer { follower.stop() }
            func isValid(_ key: APIKey) -> Bool {
                if case .valid = book.find(key.text, now: 1_700_000_300) { true } else { false }
            }
            #expect(isValid(key))
            try file.write([record, second])
            #expect(eventually { isValid(later) })
            try Data("{".utf8).write(to: URL(fileURLWithPath: file.path), options: .atomic)
            #expect(eventually { complaints.withLock { $0.count } == 1 })
            #expect(isValid(key) && isValid(later))
            try file.write([second])
            #expect(eventually { !isValid(key) && isValid(later) })
        }
    }
}
