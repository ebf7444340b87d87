import Diagnostics
import JSON

/// The named pieces of a `PolicyTest`, and which of them are used.
struct TestFixtures {
    var subjects = Group<JSONValue>()
    var resources = Group<JSONValue>()
    var contexts = Group<JSONObject>()
    var requests = Group<TestRequest>()

    /// Pieces of one sort.
    struct Group<Piece> {
        private var entries: [(name: Located<String>, piece: Piece, isUsed: Bool)] = []
        private var places: [String: Int] = [:]

        /// INVARIANT: the name is a new one, as a document has no key twice.
        mutating func add(_ name: Located<String>, _ piece: Piece) {
            places[name.value] = entries.count
            entries.append((name, piece, false))
        }

        /// The piece of that name, which counts as used.
        mutating func use(_ name: String) -> Piece? {
            guard let place = places[name] else { return nil }
            entries[place].isUsed = true
            return entries[place].piece
        }

        var names: [String] { entries.map(\.name.value) }

        fileprivate func unused(_ what: String) -> [Diagnostic] {
            entries.filter { !$0.isUsed }.map { entry in
                Diagnostic(
                    .unusedFixture, "no case uses the \(what) `\(entry.name.value)`", at: entry.name.span, help: "use it, or remove it")
            }
        }
    }

    /// The names of a group such as `subjects`.
    func names(_ group: String) -> [String] {
        switch group {
        case "subjects": subjects.names
        case "resources": resources.names
        case "contexts": contexts.names
        default: requests.names
        }
    }

    /// A piece that nothing refers to tests nothing, though it looks as if it did.
    var unused: [Diagnostic] {
        subjects.unused("subject") + resources.unused("resource") + contexts.unused("context") + requests.unused("request")
    }
}
