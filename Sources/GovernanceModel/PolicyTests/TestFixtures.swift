import Diagnostics
import JSON

/// The named pieces of a `PolicyTest`, and which of them are used.
struct TestFixtures {
    private struct Entry<Piece> {
        var name: Located<String>
        var piece: Piece
        var isUsed = false
    }

    private var subjects: [Entry<JSONValue>] = []
    private var resources: [Entry<JSONValue>] = []
    private var contexts: [Entry<JSONObject>] = []
    private var requests: [Entry<TestRequest>] = []

    mutating func addSubject(_ name: Located<String>, _ piece: JSONValue) { subjects.append(Entry(name: name, piece: piece)) }
    mutating func addResource(_ name: Located<String>, _ piece: JSONValue) { resources.append(Entry(name: name, piece: piece)) }
    mutating func addContext(_ name: Located<String>, _ piece: JSONObject) { contexts.append(Entry(name: name, piece: piece)) }
    mutating func addRequest(_ name: Located<String>, _ piece: TestRequest) { requests.append(Entry(name: name, piece: piece)) }

    mutating func subject(_ name: String) -> JSONValue? { Self.use(&subjects, name) }
    mutating func resource(_ name: String) -> JSONValue? { Self.use(&resources, name) }
    mutating func context(_ name: String) -> JSONObject? { Self.use(&contexts, name) }
    mutating func request(_ name: String) -> TestRequest? { Self.use(&requests, name) }

    private static func use<Piece>(_ entries: inout [Entry<Piece>], _ name: String) -> Piece? {
        guard let place = entries.firstIndex(where: { $0.name.value == name }) else { return nil }
        entries[place].isUsed = true
        return entries[place].piece
    }

    /// The names of a group such as `subjects`.
    func names(_ group: String) -> [String] {
        switch group {
        case "subjects": subjects.map(\.name.value)
        case "resources": resources.map(\.name.value)
        case "contexts": contexts.map(\.name.value)
        default: requests.map(\.name.value)
        }
    }

    /// A piece that nothing refers to tests nothing, though it looks as if it did.
    var unused: [Diagnostic] {
        func found<Piece>(_ entries: [Entry<Piece>], _ what: String) -> [Diagnostic] {
            entries.filter { !$0.isUsed }.map { entry in
                Diagnostic(
                    .unusedFixture, "no case uses the \(what) `\(entry.name.value)`", at: entry.name.span, help: "use it, or remove it")
            }
        }
        return found(subjects, "subject") + found(resources, "resource") + found(contexts, "context") + found(requests, "request")
    }
}
