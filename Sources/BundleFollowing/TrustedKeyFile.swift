import Signing
import Synchronization

/// A file of trusted keys, read again when it has changed.
final class TrustedKeyFile: Sendable {
    private struct State {
        var identity: FileIdentity?
        var keys: Result<TrustedKeys, SigningError>
    }

    private let path: String
    private let state: Mutex<State>

    /// - Throws: `SigningError` if it cannot be read now.
    init(_ path: String) throws(SigningError) {
        self.path = path
        let identity = FileIdentity(path)
        state = Mutex(State(identity: identity, keys: .success(try TrustedKeys(file: path))))
    }

    /// Looks at the file.
    /// - Returns: whether the keys have changed, or cannot be read any more, or can again.
    func refresh() -> Bool {
        let identity = FileIdentity(path)
        return state.withLock { state in
            if identity == state.identity, identity != nil { return false }
            let read = Result { () throws(SigningError) in try TrustedKeys(file: path) }
            let isNews =
                switch (state.keys, read) {
                case (.success(let old), .success(let new)): old.keys != new.keys
                case (.failure(let old), .failure(let new)): old != new
                default: true
                }
            state = State(identity: identity, keys: read)
            return isNews
        }
    }

    /// A list that cannot be read trusts nobody.
    func keys() throws(BundleRefusal) -> TrustedKeys {
        switch state.withLock({ $0.keys }) {
        case .success(let keys): return keys
        case .failure(let error): throw BundleRefusal(.keysUnreadable, "no bundle can be verified: \(error.message)")
        }
    }
}
