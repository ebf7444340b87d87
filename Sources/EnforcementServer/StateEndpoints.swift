import HTTPService
import JSON
import NIOHTTP1
import PolicyBundle

/// What is in force and how it stands.
extension APIRoutes {
    mutating func addState(store: BundleStore, status: ServiceStatus, registry: MetricsRegistry, tls: TLSIdentity?) {
        on(.GET, "/v1/drift", .read) { _, _ in .ready(EnforcementServer.json(status.driftJSON)) }
        on(.GET, "/v1/status", .read) { _, _ in .ready(EnforcementServer.json(status.json)) }
        on(.GET, "/v1/bundle", .read) { _, _ in .ready(StateAnswers.bundle(store)) }
        on(.GET, "/metrics", .readMetrics) { _, _ in .ready(.metrics(registry)) }
        open(.GET, "/healthz") { _ in .ready(EnforcementServer.json(["status": "ok"])) }
        open(.GET, "/readyz") { _ in .ready(StateAnswers.readiness(store, status, tls)) }
    }
}

private enum StateAnswers {
    static func bundle(_ store: BundleStore) -> HTTPResponse {
        guard let entry = store.current else { return EnforcementServer.unavailable() }
        let bundle = entry.engine.bundle
        return EnforcementServer.json([
            "digest": .string("sha256:\(entry.engine.digest)"), "commit": .string(entry.engine.commit),
            "organization": .string(bundle.meta(.organization)), "documents": .int(Int64(bundle.word(.meta, 0, MetaColumn.documents))),
            "policies": .int(Int64(bundle.count(.poli))), "subjects": .int(Int64(bundle.count(.subj))), "bytes": .int(Int64(bundle.size)),
            "compiler": .string(bundle.meta(.compiler)), "loadedAt": .string(TimeText.rfc3339(entry.loadedAt)),
        ])
    }

    static func readiness(_ store: BundleStore, _ status: ServiceStatus, _ tls: TLSIdentity?) -> HTTPResponse {
        let entry = store.current
        var checks: JSONObject = [
            "bundle": entry.map(\.readinessJSON) ?? ["status": "missing"]
        ]
        if let tls {
            // Told, and no reason to take no requests: whoever does not accept it does not get as far as this.
            let end = TimeText.rfc3339(tls.expiresAt * 1_000_000_000)
            checks["certificate"] = ["status": tls.isExpired ? "expired" : "ok", "expiresAt": .string(end)]
        }
        for member in status.readinessJSON.members { checks[member.name] = member.value }
        return EnforcementServer.json(
            ["ready": .bool(entry != nil), "checks": .object(checks)], status: entry == nil ? .serviceUnavailable : .ok)
    }
}
