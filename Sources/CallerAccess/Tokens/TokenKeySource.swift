import Downloads
import Foundation
import Synchronization

/// Where the keys of an issuer come from, and the ones that are known.
///
/// They are read anew when a token names one that is not among them, though not more often than a floor allows, and every few minutes, so that keys that
/// were withdrawn are forgotten. Where they cannot be read, the last good ones stay.
final class TokenKeySource: Sendable {
    enum Place: Sendable {
        case file(String)
        /// https, or http on this machine.
        case url(String)
    }

    /// Seconds between two readings, however many tokens name unknown keys.
    static let floor: Int64 = 10
    /// Seconds after which keys are read again.
    static let maximumAge: Int64 = 300
    /// Bytes of a key set.
    private static let limit = 1 << 20

    private struct State {
        var keys: TrustedTokenKeys?
        var lastTry: Int64?
        var reading: Task<Void, Never>?
        var failure: String?
    }

    private let place: Place
    private let state = Mutex(State())
    private let complain: @Sendable (String?) -> Void

    init(_ place: Place, complain: @escaping @Sendable (String?) -> Void) {
        self.place = place
        self.complain = complain
    }

    /// The keys that are known.
    var current: TrustedTokenKeys? { state.withLock { $0.keys } }

    /// The key of that id, if need be after reading all of them again.
    ///
    /// - Parameter now: seconds since 1970.
    func key(_ id: String, now: Int64) async -> TrustedTokenKeys.Key? {
        let (known, reading): (TrustedTokenKeys.Key?, Task<Void, Never>?) = state.withLock { state in
            let known = state.keys?.keys[id]
            let age = state.lastTry.map { now - $0 } ?? .max
            // A clock that was set back is no reason never to read again.
            let isDue = age < 0 || age >= (known == nil ? Self.floor : Self.maximumAge)
            if isDue, state.reading == nil {
                state.lastTry = now
                state.reading = Task { await read() }
            }
            return (known, state.reading)
        }
        // A key that is known is used while the others are read.
        if let known { return known }
        await reading?.value
        return current?.keys[id]
    }

    /// Reads them now.
    func refresh(now: Int64) async {
        let reading = state.withLock { state in
            state.lastTry = now
            let reading = state.reading ?? Task { await read() }
            state.reading = reading
            return reading
        }
        await reading.value
    }

    private func read() async {
        do throws(AccessError) {
            let keys = try await TrustedTokenKeys(try await bytes())
            let failed = state.withLock { state in
                defer { state.failure = nil }
                state.keys = keys
                state.reading = nil
                return state.failure != nil
            }
            if failed { complain(nil) }
        } catch {
            let isNews = state.withLock { state in
                defer { state.failure = error.description }
                state.reading = nil
                return state.failure != error.description
            }
            if isNews { complain("keys of the token issuer: \(error)") }
        }
    }

    /// Keys decide who is let in: they come from where the operator said, and from nowhere that leads on.
    private static func download(_ address: WebAddress) -> Download {
        var download = Download(address, limit: limit)
        download.seconds = 10
        download.followsRedirects = false
        return download
    }

    private func bytes() async throws(AccessError) -> [UInt8] {
        switch place {
        case .file(let path):
            guard let data = FileManager.default.contents(atPath: path) else { throw AccessError("`\(path)` cannot be read") }
            return Array(data)
        case .url(let url):
            let download: Download
            do throws(WebAddress.Invalid) {
                let address = try WebAddress(url)
                guard address.isPrivate else { throw WebAddress.Invalid(description: "the address must be https, or http on this machine") }
                download = Self.download(address)
            } catch {
                throw AccessError("\(url): \(error.description)")
            }
            let result: Result<Download.Answer, Download.Failure> = await withCheckedContinuation { continuation in
                // It blocks, and must not hold a thread that tasks run on.
                Thread.detachNewThread {
                    do throws(Download.Failure) {
                        continuation.resume(returning: .success(try download.fetch(unless: nil) { false }))
                    } catch {
                        continuation.resume(returning: .failure(error))
                    }
                }
            }
            switch result {
            case .success(.file(let file)): return file.bytes
            case .success(.unchanged): throw AccessError("\(url): answered that nothing has changed, though nothing was there before")
            case .failure(let failure): throw AccessError("\(failure)")
            }
        }
    }
}
