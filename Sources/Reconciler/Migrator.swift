import Digest
import Postgres

/// Brings the database's schema up to date. Migrations are numbered, never edited once landed, and applied in one transaction.
struct Migrator {
    static let all: [(version: Int, sql: [UInt8])] = [
        (1, PackageResources.M0001_governance_sql), (2, PackageResources.M0002_safeguards_sql), (3, PackageResources.M0003_history_sql),
        (4, PackageResources.M0004_operations_sql), (5, PackageResources.M0005_decisions_sql), (6, PackageResources.M0006_bundles_sql),
        (7, PackageResources.M0007_access_sql), (8, PackageResources.M0008_policy_tests_sql),
        (9, PackageResources.M0009_condition_costs_sql),
        (10, PackageResources.M0010_violation_updates_sql),
    ]

    static func migrate(_ connection: PostgresConnection) throws {
        try connection.transaction {
            try Reconciler.lock(connection)
            try connection.script(SQLTemplates.fill(PackageResources.prepare_migrations_sql, [:]))
            let applied = try connection.query(SQLTemplates.fill(PackageResources.applied_migrations_sql, [:]))
            var known: Set<Int> = []
            for row in applied {
                let version = try row.int("version") ?? 0
                guard let migration = all.first(where: { $0.version == version }) else {
                    throw ReconcilerError.newerDatabase(version: version, known: all.map(\.version).max() ?? 0)
                }
                guard row["checksum"] == SHA256Digest(of: migration.sql).description else {
                    throw ReconcilerError.changedMigration(version: version)
                }
                known.insert(version)
            }
            for migration in all where !known.contains(migration.version) {
                try connection.script(SQLTemplates.fill(migration.sql, [:]))
                _ = try connection.execute(
                    SQLTemplates.fill(PackageResources.record_migration_sql, [:]),
                    [.int(Int64(migration.version)), .text(SHA256Digest(of: migration.sql).description)])
            }
        }
    }
}
