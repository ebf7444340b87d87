import Synchronization

/// What was said last, so that it is not said again.
final class LastText: Sendable {
    private let text = Mutex<String?>(nil)

    /// - Returns: whether it is another.
    @discardableResult
    func set(_ new: String?) -> Bool {
        text.withLock { text in
            defer { text = new }
            return text != new
        }
    }
}
