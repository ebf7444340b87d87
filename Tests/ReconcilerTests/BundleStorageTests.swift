import Foundation
import Postgres
import Testing

@testable import Reconciler

/// Bundles in the database, for servers that have no repository.
@Suite struct BundleStorageTests {
    private let database: TestDatabase
    private let reconciler: Reconciler

    init() throws {
        database = try TestDatabase()
        reconciler = database.reconciler()
    }

    private static func content(_ digest: String, _ bytes: [UInt8]) -> BundleContent {
        BundleContent(digest: digest, size: bytes.count) { Array(bytes[$0]) }
    }

    private static func bytes(_ count: Int, _ seed: Int) -> [UInt8] {
        (0..<count).map { UInt8(truncatingIfNeeded: $0 &* 31 &+ $0 >> 9 &+ seed) }
    }

    private func apply(_ digit: Character, _ bundle: BundleContent?, named digest: String? = nil) throws -> SyncResult {
        var organization = SmallOrganization()
        organization.files["ada.yaml"] = SmallOrganization.document("User", "ada", "{email: ada-\(digit)@example.org, roles: [reader]}")
        let desired = try organization.desired(digit, bundle: digest ?? bundle?.digest ?? "none")
        return try reconciler.sync(desired, driftMode: .correct, bundle: bundle)
    }

    @Test func `a bundle is written down with the revision that names it, and read back by servers`() throws {
        #expect(try reconciler.bundleInForce(unless: nil) == nil, "there is no revision")
        // Three parts, the last of them a short one; a hundred megabytes take a while in a debug build.
        let size = ProcessInfo.processInfo.environment["CHARTER_BUNDLE_BYTES"].flatMap { Int($0) }
        let bytes = Self.bytes(size ?? 2 * Reconciler.bundlePartSize + 7, 1)
        let result = try apply("a", Self.content("one", bytes))
        let found = try #require(try reconciler.bundleInForce(unless: nil))
        #expect(found.revision == result.revision)
        #expect(found.bytes == bytes)
        let known = try #require(try reconciler.bundleInForce(unless: "one"))
        #expect(known.bytes == nil && known.revision == result.revision)
        let row = try #require(try database.owner.query("SELECT * FROM governance.bundles").first)
        #expect(row["commit_id"] == result.revision?.commit && row["epoch"] == "1" && row["size"] == String(bytes.count))
        // Stored as it is: nothing was spent on making it smaller.
        let storage = try database.owner.query(
            "SELECT attstorage FROM pg_attribute WHERE attrelid = 'governance.bundle_parts'::regclass AND attname = 'bytes'")
        #expect(storage.first?["attstorage"] == "e")
    }

    @Test func `a bundle that the revision does not name is not written down`() throws {
        _ = try apply("a", Self.content("another", [1, 2, 3]), named: "one")
        #expect(try database.owner.query("SELECT * FROM governance.bundles").isEmpty)
        let error = reconcilerError { try reconciler.bundleInForce(unless: nil) }
        guard case .bundleMissing? = error else { throw error ?? ReconcilerError.emptyState }
        #expect(error?.statusReason == "BundleMissing" && error?.needsHelp == true)
    }

    @Test func `what fails leaves neither revision nor bundle`() throws {
        try database.owner.script("REVOKE INSERT ON governance.bundle_parts FROM charter_reconciler")
        let error = reconcilerError { try apply("a", Self.content("one", [1, 2, 3])) }
        guard case .database(let cause)? = error else { throw error ?? ReconcilerError.emptyState }
        #expect(cause.sqlState == "42501")
        #expect(try reconciler.revision() == nil)
        #expect(try database.owner.query("SELECT * FROM governance.bundles").isEmpty)
        #expect(try database.owner.query("SELECT * FROM governance.users").isEmpty)
    }

    @Test func `the newest three are kept, and one that comes again is not written again`() throws {
        for (index, digit) in "abcde".enumerated() {
            _ = try apply(digit, Self.content("bundle-\(digit)", Self.bytes(100, index)))
        }
        func kept() throws -> [String?] {
            try database.owner.query("SELECT digest FROM governance.bundles ORDER BY epoch").map { $0["digest"] }
        }
        #expect(try kept() == ["bundle-c", "bundle-d", "bundle-e"])
        #expect(try database.owner.query("SELECT count(*) AS n FROM governance.bundle_parts").first?["n"] == "3")
        let version = "SELECT xmin::text AS version FROM governance.bundle_parts WHERE digest = 'bundle-c'"
        let before = try database.owner.query(version).first?["version"]
        _ = try apply("c", Self.content("bundle-c", Self.bytes(100, 2)))
        #expect(try kept() == ["bundle-d", "bundle-e", "bundle-c"])
        #expect(try database.owner.query(version).first?["version"] == before)
    }

    @Test func `a bundle that is missing is supplied, and whoever waits for it hears of it`() throws {
        let bundle = Self.content("one", [1, 2, 3])
        _ = try apply("a", nil, named: "one")
        let listener = try PostgresConnection(database.configuration)
        defer { listener.close() }
        try listener.listen("governance")
        #expect(try reconciler.supply(bundle))
        #expect(try !listener.notifications(timeoutMilliseconds: 120_000).isEmpty)
        #expect(try reconciler.bundleInForce(unless: nil)?.bytes == [1, 2, 3])
        #expect(try !reconciler.supply(bundle))
        // That of another revision is nobody's.
        #expect(try !reconciler.supply(Self.content("two", [1])))
        #expect(try database.owner.query("SELECT digest FROM governance.bundles").map { $0["digest"] } == ["one"])
    }

    @Test func `parts that are missing are no bundle`() throws {
        _ = try apply("a", Self.content("one", Self.bytes(2 * Reconciler.bundlePartSize, 1)))
        for damage in ["DELETE FROM governance.bundle_parts WHERE part = 0", "UPDATE governance.bundle_parts SET bytes = ''"] {
            try database.owner.script(damage)
            let error = reconcilerError { try reconciler.bundleInForce(unless: nil) }
            guard case .bundleMissing? = error else { throw error ?? ReconcilerError.emptyState }
        }
    }

    @Test(arguments: ["charter_server", "charter_planner"])
    func `servers read bundles and cannot write them`(role: String) throws {
        _ = try apply("a", Self.content("one", [1, 2, 3]))
        var configuration = database.configuration
        configuration.role = role
        let connection = try PostgresConnection(configuration)
        defer { connection.close() }
        for table in ["governance.bundles", "governance.bundle_parts"] {
            #expect(sqlState("SELECT * FROM \(table)", on: connection) == nil)
            for statement in ["DELETE FROM \(table)", "TRUNCATE \(table)", "INSERT INTO \(table) SELECT * FROM \(table)"] {
                #expect(sqlState(statement, on: connection) == "42501", "\(statement)")
            }
        }
        #expect(sqlState("UPDATE governance.bundle_parts SET bytes = ''", on: connection) == "42501")
    }
}
