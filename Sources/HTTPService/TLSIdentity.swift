import Logging
import NIOSSL
import Synchronization
import Waiting

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#elseif canImport(Darwin)
    import Darwin
#endif

/// The certificate and key that a server shows, kept up to date with their files.
///
/// New files take effect for connections that begin after; the others go on with what they began with. Files that cannot be used are reported, and what
/// was in force stays.
public final class TLSIdentity: Sendable {
    private struct State {
        var loaded: TLSFiles.Loaded
        /// Of the files in force, or of those that were refused last.
        var weighed: [FileMark?]
        /// Of the files at the last look.
        var seen: [FileMark?]
        var watch: Task<Void, Never>?
        var warnedAt: Int64?
    }

    /// Seconds before its end from which on is warned of it, once a day.
    static let warningTime: Int64 = 14 * 86_400

    private let files: TLSFiles
    private let state: Mutex<State>

    public init(_ files: TLSFiles) throws(TLSFiles.Failure) {
        self.files = files
        let mark = files.state
        state = Mutex(State(loaded: try files.load(), weighed: mark, seen: mark))
    }

    /// For a connection that begins.
    var context: NIOSSLContext { state.withLock { $0.loaded.context } }

    /// When the certificate in force ends: seconds since 1970.
    public var expiresAt: Int64 { state.withLock { $0.loaded.expiresAt } }

    /// Whether it has ended. It is shown all the same: clients may know better, and one that does not answer helps nobody.
    public var isExpired: Bool { expiresAt <= Self.now() }

    /// Looks at the files each `interval` until `stop`.
    func start(_ metrics: MetricsRegistry, _ logger: Logger, interval: Duration = .seconds(1)) throws(MetricsError) {
        try metrics.gauge(
            "charter_tls_certificate_expiry_timestamp_seconds", help: "When the certificate that is shown to clients ends."
        ) { [weak self] in Double(self?.expiresAt ?? 0) }
        let reloads = try metrics.counter(
            "charter_tls_reloads_total", help: "Times that files of certificates have changed, by what came of it.", labels: ["outcome"])
        for outcome in ["loaded", "refused"] { reloads.labels(outcome).increment(by: 0) }
        warnOfEnd(logger)
        let task = Task { [weak self] in
            while !Task.isCancelled {
                try? await Task.sleep(for: interval)
                guard let self, !Task.isCancelled else { return }
                if let outcome = look(logger) { reloads.labels(outcome).increment() }
                warnOfEnd(logger)
            }
        }
        state.withLock { $0.watch = task }
    }

    func stop() { state.withLock { $0.watch }?.cancel() }

    /// - Returns: what came of files that are new; `nil` where there are none.
    private func look(_ logger: Logger) -> String? {
        let mark = files.state
        // Only what has stood for one look: of two files one is written before the other.
        let isNew = state.withLock { state in
            defer { state.seen = mark }
            return mark != state.weighed && mark == state.seen
        }
        guard isNew else { return nil }
        do throws(TLSFiles.Failure) {
            let loaded = try files.load()
            if loaded.expiresAt <= Self.now(), !isExpired { throw TLSFiles.Failure(description: "the new certificate has expired") }
            state.withLock { state in
                (state.loaded, state.weighed, state.warnedAt) = (loaded, mark, nil)
            }
            logger.notice("the certificate was replaced", metadata: ["expires": "\(loaded.expiresAt)"])
            return "loaded"
        } catch {
            state.withLock { $0.weighed = mark }
            logger.warning("the new certificate is not used, the old one stays", metadata: ["reason": "\(error)"])
            return "refused"
        }
    }

    private func warnOfEnd(_ logger: Logger) {
        let now = Self.now()
        let (expiresAt, isDue) = state.withLock { state in
            let isDue = now > state.loaded.expiresAt - Self.warningTime && state.warnedAt.map { now - $0 >= 86_400 } ?? true
            if isDue { state.warnedAt = now }
            return (state.loaded.expiresAt, isDue)
        }
        guard isDue else { return }
        logger.warning(
            expiresAt <= now ? "the server's certificate has expired" : "the server's certificate expires soon",
            metadata: ["days": "\((expiresAt - now) / 86_400)"])
    }

    private static func now() -> Int64 { Int64(time(nil)) }
}
